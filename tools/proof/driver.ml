(* SPDX-License-Identifier: GPL-2.0-only *)

(* Decides with the extracted model. README.md describes the lines of its input. Each "decide"
   prints the verdict, and how often the decision asks for the fs-verity digest and the root
   hash. *)

open Model

let rec positive_of n =
  if n = 1 then XH
  else if n land 1 = 1 then XI (positive_of (n lsr 1))
  else XO (positive_of (n lsr 1))

let n_of n = if n = 0 then N0 else Npos (positive_of n)

let rec int_of_positive = function
  | XH -> 1
  | XI p -> (2 * int_of_positive p) + 1
  | XO p -> 2 * int_of_positive p

let int_of_n = function N0 -> 0 | Npos p -> int_of_positive p
let rec nat_of n = if n = 0 then O else S (nat_of (n - 1))

(* The theorem holds for every hash. This one has few values, so that chains are long. *)
let hash seed key fsverity dmverity =
  let mix h n = (h * 0x9e3779b1) lxor (int_of_n n + 0x51ed27) in
  let h = List.fold_left mix (List.fold_left mix (mix (mix 7 seed) key) fsverity) dmverity in
  n_of ((((h lsr 17) land 0x3f) lsl 56) lor (h land 0xffff))

let action_of = function
  | "ALLOW" -> Allow
  | "DENY" -> Deny
  | other -> failwith ("no action: " ^ other)

let operation_of = function
  | "EXECUTE" -> Execute
  | "FIRMWARE" -> Firmware
  | "KMODULE" -> KernelModule
  | "KEXEC_IMAGE" -> KexecImage
  | "KEXEC_INITRAMFS" -> KexecInitramfs
  | "POLICY" -> Policy
  | "X509_CERT" -> X509Cert
  | "PTRACE" -> Ptrace
  | "UNCHECKED_SCRIPT" -> UncheckedScript
  | "INTERACTIVE_SCRIPT" -> InteractiveScript
  | other -> failwith ("no operation: " ^ other)

let bool_of = function
  | "TRUE" -> true
  | "FALSE" -> false
  | other -> failwith ("no boolean: " ^ other)

let cut text separator =
  let at = String.index text separator in
  (String.sub text 0 at, String.sub text (at + 1) (String.length text - at - 1))

let digest_of text =
  let number, hex = cut text ':' in
  let byte at = n_of (int_of_string ("0x" ^ String.sub hex (2 * at) 2)) in
  { algorithm = n_of (int_of_string number); bytes = List.init (String.length hex / 2) byte }

let optional_digest = function "-" -> None | text -> Some (digest_of text)

let property_of name value =
  match name with
  | "boot_verified" -> BootVerified (bool_of value)
  | "dmverity_signature" -> DmveritySignature (bool_of value)
  | "fsverity_signature" -> FsveritySignature (bool_of value)
  | "fsverity_digest" -> FsverityDigest (digest_of value)
  | "dmverity_roothash" -> (
      match cut value ':' with
      | "cmdline", number -> DmverityRoothash (CommandLine (n_of (int_of_string number)))
      | _ -> DmverityRoothash (Digest (digest_of value)))
  | other -> failwith ("no property: " ^ other)

let condition_of text =
  let name, value = cut text '=' in
  let length = String.length name in
  if name = "anonymous_memory" then AnonymousMemory (bool_of value)
  else if name = "modified" then IsModified (bool_of value)
  else if length > 4 && String.sub name 0 4 = "exe_" then
    OfProgram (property_of (String.sub name 4 (length - 4)) value)
  else OfObject (property_of name value)

let kind_name = function
  | BootVerifiedKind -> "boot_verified"
  | DmverityRoothashKind -> "dmverity_roothash"
  | DmveritySignatureKind -> "dmverity_signature"
  | FsverityDigestKind -> "fsverity_digest"
  | FsveritySignatureKind -> "fsverity_signature"

(* The input so far. *)
let lengths = Hashtbl.create 32
let for_fsverity = Hashtbl.create 32
let provided = Hashtbl.create 8
let command_line = Hashtbl.create 8
let rules_read = ref []
let defaults = Hashtbl.create 16
let global = ref None
let current = ref (File no_properties)
let compiled = ref None

let algorithms =
  { length_of = (fun n -> Hashtbl.find_opt lengths (int_of_n n));
    of_fsverity = (fun n -> Hashtbl.mem for_fsverity (int_of_n n)) }

let kernel () =
  { provides = (fun kind -> Hashtbl.mem provided (kind_name kind));
    named = (fun parameter -> Hashtbl.find_opt command_line (int_of_n parameter)) }

let policy () =
  { rules = List.rev !rules_read;
    operation_default = (fun op -> Hashtbl.find_opt defaults op);
    global_default = !global }

let rec answer properties fsverity dmverity = function
  | Decided outcome -> (outcome, fsverity, dmverity)
  | AskHasFsverity next -> answer properties fsverity dmverity (next true)
  | AskFsverity next ->
      answer properties (fsverity + 1) dmverity (next properties.fsverity_digest)
  | AskDmverity next ->
      answer properties fsverity (dmverity + 1) (next properties.dmverity_roothash)

let decide_about op =
  let kernel = kernel () and policy = policy () in
  let form =
    match !compiled with
    | Some form -> form
    | None ->
        let form = compile hash kernel algorithms policy in
        compiled := Some form;
        form
  in
  let properties = properties_of !current in
  let outcome, fsverity, dmverity =
    answer properties 0 0
      (decide hash form op (class_in form op (class_of !current)) (combination properties))
  in
  let verdict = verdict_of outcome in
  if verdict <> meaning kernel policy op !current then failwith "the theorem does not hold";
  let action, scope = verdict in
  Printf.printf "%s %s %d %d\n"
    (match action with Allow -> "ALLOW" | Deny -> "DENY")
    (match scope with
    | Rule offset -> string_of_int (int_of_n offset)
    | OperationDefault -> "operation"
    | GlobalDefault -> "global")
    fsverity dmverity

let read_properties = function
  | [ boot; dmverity; fsverity; roothash; digest ] ->
      { boot_verified = bool_of boot; dmverity_signature = bool_of dmverity;
        fsverity_signature = bool_of fsverity; dmverity_roothash = optional_digest roothash;
        fsverity_digest = optional_digest digest }
  | _ -> failwith "an object has five properties"

let interpret = function
  | [ "algorithm"; number; length; fsverity ] ->
      let number = int_of_string number in
      Hashtbl.replace lengths number (nat_of (int_of_string length));
      if bool_of fsverity then Hashtbl.replace for_fsverity number ()
  | [ "policy" ] ->
      Hashtbl.reset provided;
      Hashtbl.reset command_line;
      Hashtbl.reset defaults;
      rules_read := [];
      global := None;
      compiled := None
  | "provides" :: kinds -> List.iter (fun kind -> Hashtbl.replace provided kind ()) kinds
  | "named" :: number :: digests ->
      Hashtbl.replace command_line (int_of_string number) (List.map digest_of digests)
  | "rule" :: offset :: operation :: action :: conditions ->
      rules_read :=
        { offset = n_of (int_of_string offset); rule_operation = operation_of operation;
          conditions = List.map condition_of conditions; rule_action = action_of action }
        :: !rules_read
  | [ "default"; "-"; action ] -> global := Some (action_of action)
  | [ "default"; operation; action ] ->
      Hashtbl.replace defaults (operation_of operation) (action_of action)
  | "file" :: properties -> current := File (read_properties properties)
  | "memory" :: properties -> current := Memory (read_properties properties)
  | "modified" :: properties -> current := ModifiedMapping (read_properties properties)
  | [ "decide"; "-" ] -> decide_about None
  | [ "decide"; operation ] -> decide_about (Some (operation_of operation))
  | words -> failwith ("not understood: " ^ String.concat " " words)

let () =
  try
    while true do
      interpret (String.split_on_char ' ' (input_line stdin))
    done
  with End_of_file -> ()
