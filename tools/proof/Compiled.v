(* SPDX-License-Identifier: GPL-2.0-only *)

(** The compiled form of a policy, and how it decides.

    This file follows the Rust source, function by function: [policy/outcome.rs],
    [policy/flags.rs], [policy/conditions.rs], [policy/compile.rs], [policy/compiled.rs],
    [policy/index.rs] and [eval/mod.rs]. Arrays of a fixed size are functions here. *)

From Coq Require Import Bool List NArith.
From Ipe Require Import Meaning.
Import ListNotations.
Open Scope N_scope.

(** * Outcomes: [policy/outcome.rs] *)

(** A rule or a default together with its action: [offset << 1 | allow]. The smaller of two outcomes
    is that of the earlier rule, so the first match is a minimum. *)
Definition outcome := N.

Definition outcome_of (at_offset : N) (a : action) : outcome :=
  2 * at_offset + match a with Allow => 1 | Deny => 0 end.

(** The offsets that stand for the defaults. *)
Definition at_operation_default : N := 2 ^ 31 - 2.
Definition at_global_default : N := 2 ^ 31 - 1.

(** No rule. No outcome is larger. *)
Definition none : outcome := outcome_of at_global_default Allow.

Definition verdict_of (o : outcome) : verdict :=
  let at_offset := N.div2 o in
  (if N.odd o then Allow else Deny,
   if at_offset =? at_global_default then GlobalDefault
   else if at_offset =? at_operation_default then OperationDefault
   else Rule at_offset).

(** * Combinations of flags: [policy/flags.rs] *)

(** The three flags of a file as a number below 8. *)
Definition combination (f : properties) : N :=
  N.b2n (boot_verified f) + 2 * N.b2n (dmverity_signature f) + 4 * N.b2n (fsverity_signature f).

(** Sets of combinations are numbers with one bit for each combination. *)
Definition all_combinations : N := 255.
Definition no_flag : N := 0.  (* the combination of memory *)

(** The combinations in which a flag, named by its bit, has a value. *)
Definition with_flag (flag : N) (value : bool) : N :=
  fold_right (fun c set => if eqb (N.testbit c flag) value then N.setbit set c else set)
    0 [0; 1; 2; 3; 4; 5; 6; 7].

(** * Conditions of a rule: [policy/conditions.rs] *)

(** The properties that a rule asks for, of the object or of the program. *)
Record wanting := {
  combinations : N;
  fsverity : option digest;
  dmverity : option digest;
  from_parameter : option parameter  (* the parameter that names the root hash *)
}.

Definition nothing : wanting := {|
  combinations := all_combinations;
  fsverity := None;
  dmverity := None;
  from_parameter := None
|}.

Definition with_combinations (w : wanting) (set : N) : wanting := {|
  combinations := set;
  fsverity := fsverity w;
  dmverity := dmverity w;
  from_parameter := from_parameter w
|}.

(** Sets a digest unless there is one. [None] if both cannot hold together. *)
Definition set_digest (old : option digest) (new : digest) : option digest :=
  match old with
  | None => Some new
  | Some d => if same_digest d new then Some d else None
  end.

Section Compilation.

Variable k : kernel.
Variable a : algorithms.

(** Adds a property. [None] if the rule never matches because of it. *)
Definition want (w : wanting) (p : property) : option wanting :=
  if negb (provides k (kind_of p)) then None
  else
    let flag bit value :=
      Some (with_combinations w (N.land (combinations w) (with_flag bit value))) in
    match p with
    | BootVerified value => flag 0 value
    | DmveritySignature value => flag 1 value
    | FsveritySignature value => flag 2 value
    | FsverityDigest d =>
        if is_valid_fsverity a d then
          match set_digest (fsverity w) d with
          | Some d => Some {| combinations := combinations w; fsverity := Some d;
                              dmverity := dmverity w; from_parameter := from_parameter w |}
          | None => None
          end
        else None
    | DmverityRoothash (Digest d) =>
        if is_valid a d then
          match set_digest (dmverity w) d with
          | Some d => Some {| combinations := combinations w; fsverity := fsverity w;
                              dmverity := Some d; from_parameter := from_parameter w |}
          | None => None
          end
        else None
    | DmverityRoothash (CommandLine parameter) =>
        match named k parameter with
        | Some _ => Some {| combinations := combinations w; fsverity := fsverity w;
                            dmverity := dmverity w; from_parameter := Some parameter |}
        | None => None
        end
    end.

Definition is_some {A} (x : option A) : bool := match x with Some _ => true | None => false end.

Definition has_digest (w : wanting) : bool :=
  is_some (fsverity w) || is_some (dmverity w) || is_some (from_parameter w).

(** Each root hash with which the rule matches: the one that it names, those that the command line
    names, or [None] where it asks for none. *)
Definition root_hashes (w : wanting) : list (option digest) :=
  match from_parameter w with
  | None => [dmverity w]
  | Some parameter =>
      match named k parameter with
      | Some digests => map Some digests
      | None => []
      end
  end.

(** The conditions under which a rule matches: the classes of objects, and the properties of the
    object and of the program. *)
Record collected := {
  allows_file : bool;
  allows_memory : bool;
  allows_modified : bool;
  object_wants : wanting;
  program_wants : wanting;
  names_program : bool  (* whether it asks for a property of the program *)
}.

Definition always : collected := {|
  allows_file := true;
  allows_memory := true;
  allows_modified := true;
  object_wants := nothing;
  program_wants := nothing;
  names_program := false
|}.

Definition never_match (c : collected) : collected := {|
  allows_file := allows_file c;
  allows_memory := allows_memory c;
  allows_modified := allows_modified c;
  object_wants := with_combinations (object_wants c) 0;
  program_wants := with_combinations (program_wants c) 0;
  names_program := names_program c
|}.

Definition collect (c : collected) (new : condition) : collected :=
  match new with
  | AnonymousMemory value => {|
      allows_file := allows_file c && negb value;
      allows_memory := allows_memory c && value;
      allows_modified := allows_modified c && negb value;
      object_wants := object_wants c;
      program_wants := program_wants c;
      names_program := names_program c
    |}
  | IsModified value => {|
      allows_file := allows_file c && negb value;
      allows_memory := false;
      allows_modified := allows_modified c && value;
      object_wants := object_wants c;
      program_wants := program_wants c;
      names_program := names_program c
    |}
  | OfObject p =>
      match want (object_wants c) p with
      | Some w => {|
          allows_file := allows_file c;
          allows_memory := allows_memory c;
          allows_modified := allows_modified c;
          object_wants := w;
          program_wants := program_wants c;
          names_program := names_program c
        |}
      | None => never_match c
      end
  | OfProgram p =>
      let c := {|
        allows_file := allows_file c;
        allows_memory := allows_memory c;
        allows_modified := allows_modified c;
        object_wants := object_wants c;
        program_wants := program_wants c;
        names_program := true
      |} in
      match want (program_wants c) p with
      | Some w => {|
          allows_file := allows_file c;
          allows_memory := allows_memory c;
          allows_modified := allows_modified c;
          object_wants := object_wants c;
          program_wants := w;
          names_program := true
        |}
      | None => never_match c
      end
  end.

Inductive class := FileClass | MemoryClass | ModifiedClass.

(** The properties with which the rule matches in a class, [None] if in no case. They are those of
    the program if the object is memory, and those of the object otherwise. *)
Definition wants_of (c : collected) (cl : class) : option wanting :=
  match cl with
  | FileClass =>
      if allows_file c && negb (names_program c) then Some (object_wants c) else None
  | ModifiedClass =>
      if allows_modified c && negb (names_program c) then Some (object_wants c) else None
  | MemoryClass =>
      if allows_memory c && N.testbit (combinations (object_wants c)) no_flag &&
         negb (has_digest (object_wants c))
      then Some (program_wants c) else None
  end.

(** * The pass over the rules: [policy/compile.rs] *)

(** A rule that names a digest, as the index takes it. *)
Record entry := {
  key : N;
  entry_outcome : outcome;
  entry_combinations : N;
  entry_fsverity : list N;
  entry_dmverity : list N
}.

Definition operation_number (op : operation) : N :=
  match op with
  | Execute => 0 | Firmware => 1 | KernelModule => 2 | KexecImage => 3 | KexecInitramfs => 4
  | Policy => 5 | X509Cert => 6 | Ptrace => 7 | UncheckedScript => 8 | InteractiveScript => 9
  end.

Definition class_number (cl : class) : N :=
  match cl with FileClass => 0 | MemoryClass => 1 | ModifiedClass => 2 end.

Definition row_name := (operation * class)%type.

Definition same_row (x y : row_name) : bool :=
  same_operation (fst x) (fst y) && (class_number (snd x) =? class_number (snd y)).

(** The search key of an entry, beside its digests: row and algorithms, side by side in a word. *)
Definition key_of (name : row_name) (fsv dmv : option digest) : N :=
  let code d := match d with Some d => algorithm d + 1 | None => 0 end in
  2 ^ 8 * class_number (snd name) + 2 ^ 10 * operation_number (fst name) +
  2 ^ 14 * code fsv + 2 ^ 19 * code dmv.

Definition bytes_of (d : option digest) : list N :=
  match d with Some d => bytes d | None => [] end.

(** The decisions of one operation about objects of one class. *)
Record row := {
  slots : N -> outcome;       (* for each combination: the first rule without a digest *)
  first_fsverity : outcome;   (* the first rule that names an fs-verity digest alone *)
  first_dmverity : outcome;   (* the first rule that names a root hash alone *)
  first_both : outcome;       (* the first rule that names both *)
  any_fsverity : outcome      (* the first rule that names an fs-verity digest, alone or not *)
}.

Definition empty_row : row := {|
  slots := fun _ => none;
  first_fsverity := none;
  first_dmverity := none;
  first_both := none;
  any_fsverity := none
|}.

(** The state of a pass. Both passes see the same entries: the first counts them, the second puts
    them into the index. *)
Record pass := {
  rows : row_name -> row;
  decided : row_name -> N;  (* the combinations that a rule without a digest decides *)
  entries : list entry
}.

Definition before : pass := {|
  rows := fun _ => empty_row;
  decided := fun _ => 0;
  entries := []
|}.

Definition update {A} (f : row_name -> A) (name : row_name) (x : A) : row_name -> A :=
  fun other => if same_row name other then x else f other.

Definition new_entry (name : row_name) (w : wanting) (left_over : N) (o : outcome)
    (dmv : option digest) : entry := {|
  key := key_of name (fsverity w) dmv;
  entry_outcome := o;
  entry_combinations := left_over;
  entry_fsverity := bytes_of (fsverity w);
  entry_dmverity := bytes_of dmv
|}.

(** Notes in the row that a rule names these digests. *)
Definition note (w : wanting) (o : outcome) (r : row) (dmv : option digest) : row :=
  match fsverity w, dmv with
  | Some _, Some _ => {|
      slots := slots r; first_fsverity := first_fsverity r; first_dmverity := first_dmverity r;
      first_both := N.min o (first_both r); any_fsverity := any_fsverity r |}
  | Some _, None => {|
      slots := slots r; first_fsverity := N.min o (first_fsverity r);
      first_dmverity := first_dmverity r; first_both := first_both r;
      any_fsverity := any_fsverity r |}
  | None, _ => {|
      slots := slots r; first_fsverity := first_fsverity r;
      first_dmverity := N.min o (first_dmverity r); first_both := first_both r;
      any_fsverity := any_fsverity r |}
  end.

Definition note_any (r : row) : row := {|
  slots := slots r; first_fsverity := first_fsverity r; first_dmverity := first_dmverity r;
  first_both := first_both r; any_fsverity := N.min (first_fsverity r) (first_both r)
|}.

(** Adds what a rule says about the objects of one row. *)
Definition add_to_row (s : pass) (name : row_name) (w : wanting) (o : outcome) : pass :=
  let r := rows s name in
  (* An earlier rule decides about objects that both match. *)
  let left_over := N.ldiff (combinations w) (decided s name) in
  if left_over =? 0 then s
  else if negb (has_digest w) then {|
    rows := update (rows s) name {|
      slots := fun c => if N.testbit left_over c then o else slots r c;
      first_fsverity := first_fsverity r; first_dmverity := first_dmverity r;
      first_both := first_both r; any_fsverity := any_fsverity r |};
    decided := update (decided s) name (N.lor (decided s name) left_over);
    entries := entries s
  |}
  else {|
    rows := update (rows s) name (note_any (fold_left (note w o) (root_hashes w) r));
    decided := decided s;
    entries := entries s ++ map (new_entry name w left_over o) (root_hashes w)
  |}.

(** Whether there are decisions of an operation about such objects, in a policy that tells modified
    mappings from files, or does not. *)
Definition has_row (tells : bool) (op : operation) (cl : class) : bool :=
  match cl with
  | FileClass | MemoryClass => true
  | ModifiedClass => tells && same_operation op Execute
  end.

Variable tells : bool.

Definition add_class (r : rule) (s : pass) (cl : class) : pass :=
  match wants_of (fold_left collect (conditions r) always) cl with
  | Some w =>
      if has_row tells (rule_operation r) cl then
        add_to_row s (rule_operation r, cl) w (outcome_of (offset r) (rule_action r))
      else s
  | None => s
  end.

Definition add_rule (s : pass) (r : rule) : pass :=
  add_class r (add_class r (add_class r s FileClass) MemoryClass) ModifiedClass.

End Compilation.

(** * The index: [policy/index.rs] *)

(** A hash of a seed, a key and two digests: any function at all. *)
Definition hashing := N -> N -> list N -> list N -> N.

(** A chain, one of so many, and a tag: from bits of the hash that do not depend on each other. *)
Definition chain_of (h chains : N) : N := N.shiftr ((N.shiftr h 32 mod 2 ^ 32) * chains) 32.
Definition tag_of (h : N) : N := N.land (N.shiftr h 1) (2 ^ 31 - 2 ^ 24).

(** An entry in the index. Entries are numbered from 1; 0 ends a chain. *)
Record node := {
  content : entry;
  first_of_key : bool;
  tag : N;
  next : nat
}.

Record index := {
  nodes : list node;
  heads : N -> nat;  (* the first entry of each chain *)
  chains : N;
  attempt : nat      (* the number of the seed *)
}.

Definition max_keys : nat := 16.  (* the longest chain that is accepted, in keys *)
Definition seeds : nat := 16.     (* the number of further seeds that are tried *)

Section Index.

Variable hash : hashing.

Definition hash_of (ix : index) (e : entry) : N :=
  hash (N.of_nat (attempt ix)) (key e) (entry_fsverity e) (entry_dmverity e).

Definition chain_of_entry (ix : index) (e : entry) : N := chain_of (hash_of ix e) (chains ix).

(** The entries of a chain from one on. [None] if the chain is longer than so many steps. *)
Fixpoint follow (ns : list node) (steps at_ : nat) : option (list node) :=
  match at_ with
  | O => Some []
  | S i =>
      match nth_error ns i, steps with
      | None, _ => Some []
      | Some _, O => None
      | Some n, S steps => option_map (cons n) (follow ns steps (next n))
      end
  end.

Definition chain (ix : index) (head : N) : list node :=
  match follow (nodes ix) (length (nodes ix)) (heads ix head) with
  | Some ns => ns
  | None => []
  end.

Definition keys_in (ns : list node) : nat := length (filter first_of_key ns).

(** Writes an entry behind the others and puts it at the head of its chain. *)
Definition link (ix : index) (e : entry) (first : bool) : index := {|
  nodes := nodes ix ++ [{|
    content := e;
    first_of_key := first;
    tag := tag_of (hash_of ix e);
    next := heads ix (chain_of_entry ix e)
  |}];
  heads := fun head =>
    if head =? chain_of_entry ix e then S (length (nodes ix)) else heads ix head;
  chains := chains ix;
  attempt := attempt ix
|}.

Definition unlinked (number_of_chains : N) (seed : nat) : index := {|
  nodes := [];
  heads := fun _ => O;
  chains := number_of_chains;
  attempt := seed
|}.

(** Links an entry again, and finds out whether its chain is too long. *)
Definition link_again (s : index * bool) (n : node) : index * bool :=
  let (ix, good) := s in
  let keys := keys_in (chain ix (chain_of_entry ix (content n))) in
  (link ix (content n) (first_of_key n),
   good && (negb (first_of_key n) || Nat.ltb keys max_keys)).

Definition link_all (ix : index) (seed : nat) : index * bool :=
  fold_left link_again (nodes ix) (unlinked (chains ix) seed, true).

(** Links all entries again, with the next seed that makes no chain too long. *)
Fixpoint relink (attempts_left : nat) (ix : index) : index :=
  match attempts_left with
  | O => ix
  | S attempts_left =>
      let (ix, good) := link_all ix (S (attempt ix)) in
      if good then ix else relink attempts_left ix
  end.

Definition same_digests (e other : entry) : bool :=
  (key other =? key e) && same_bytes (entry_fsverity other) (entry_fsverity e) &&
  same_bytes (entry_dmverity other) (entry_dmverity e).

(** The combinations that earlier entries with the same key and digests decide. *)
Definition seen_in (e : entry) (ns : list node) : N :=
  fold_left
    (fun seen n =>
       if same_digests e (content n) then N.lor seen (entry_combinations (content n)) else seen)
    ns 0.

(** Adds the entry of a rule. *)
Definition insert (ix : index) (e : entry) : index :=
  let ns := chain ix (chain_of_entry ix e) in
  let seen := seen_in e ns in
  (* An earlier rule decides about objects that both match. *)
  let left_over := N.ldiff (entry_combinations e) seen in
  if left_over =? 0 then ix
  else
    let first := seen =? 0 in
    let linked := link ix {|
      key := key e;
      entry_outcome := entry_outcome e;
      entry_combinations := left_over;
      entry_fsverity := entry_fsverity e;
      entry_dmverity := entry_dmverity e
    |} first in
    if first && Nat.leb max_keys (keys_in ns) then relink (seeds - attempt ix) linked
    else linked.

(** The index of so many entries has three chains for four. *)
Definition index_of (es : list entry) : index :=
  let count := N.of_nat (length es) in
  fold_left insert es (unlinked (count - count / 4) 0).

(** Follows a chain to the entry that is wanted. [None] if that takes more than so many steps. *)
Fixpoint walk (ns : list node) (wanted : node -> bool) (steps at_ : nat) : option outcome :=
  match at_ with
  | O => Some none
  | S i =>
      match nth_error ns i, steps with
      | None, _ => Some none
      | Some _, O => None
      | Some n, S steps =>
          if wanted n then Some (entry_outcome (content n))
          else walk ns wanted steps (next n)
      end
  end.

(** A question to the index: a key, a combination and digests. *)
Record question := {
  wanted_key : N;
  wanted_combination : N;
  wanted_fsverity : list N;
  wanted_dmverity : list N
}.

Definition hash_of_question (ix : index) (q : question) : N :=
  hash (N.of_nat (attempt ix)) (wanted_key q) (wanted_fsverity q) (wanted_dmverity q).

Definition is_wanted (h : N) (q : question) (n : node) : bool :=
  (key (content n) =? wanted_key q) && (tag n =? tag_of h) &&
  N.testbit (entry_combinations (content n)) (wanted_combination q) &&
  same_bytes (entry_fsverity (content n)) (wanted_fsverity q) &&
  same_bytes (entry_dmverity (content n)) (wanted_dmverity q).

(** A lookup that may take so many steps. *)
Definition lookup_within (steps : nat) (ix : index) (q : question) : option outcome :=
  let h := hash_of_question ix q in
  walk (nodes ix) (is_wanted h q) steps (heads ix (chain_of h (chains ix))).

(** No chain has more entries than the index, so these steps are enough: see
    [Correct.lookups_end]. *)
Definition lookup (ix : index) (q : question) : outcome :=
  match lookup_within (length (nodes ix)) ix q with
  | Some o => o
  | None => none
  end.

End Index.

(** * The compiled policy: [policy/compiled.rs] *)

Record compiled := {
  table : row_name -> row;
  unknown : outcome;  (* the decision about operations that the language does not know *)
  tells : bool;       (* whether it tells modified mappings from files *)
  named_operations : operation -> bool;
  asks_for_program : operation -> bool;
    (* whether a decision about memory can depend on the program *)
  the_index : index
}.

Definition fill (default : outcome) (r : row) : row := {|
  slots := fun c => N.min default (slots r c);
  first_fsverity := first_fsverity r; first_dmverity := first_dmverity r;
  first_both := first_both r; any_fsverity := any_fsverity r
|}.

Definition is_constant (r : row) : bool :=
  forallb (fun c => slots r c =? slots r 0) [1; 2; 3; 4; 5; 6; 7] &&
  (any_fsverity r =? none) && (first_dmverity r =? none).

Definition compile (hash : hashing) (k : kernel) (a : algorithms) (p : policy) : compiled :=
  let s := fold_left (add_rule k a (tells_modified p)) (rules p) before in
  let global := outcome_of at_global_default
    match global_default p with Some act => act | None => Deny end in
  let default op :=
    match operation_default p op with
    | Some act => outcome_of at_operation_default act
    | None => global
    end in
  let filled name := fill (default (fst name)) (rows s name) in
  {|
    table := filled;
    unknown := global;
    tells := tells_modified p;
    named_operations := fun op =>
      existsb (fun r => same_operation (rule_operation r) op) (rules p) ||
      is_some (operation_default p op);
    asks_for_program := fun op => negb (is_constant (filled (op, MemoryClass)));
    the_index := index_of hash (entries s)
  |}.

(** * The decision: [eval/mod.rs] *)

(** A decision asks for what it needs, one after the other, and then is made. So what it does not
    ask for cannot matter. *)
Inductive decision :=
| Decided (o : outcome)
| AskHasFsverity (answer : bool -> decision)
| AskFsverity (answer : option digest -> decision)
| AskDmverity (answer : option digest -> decision).

Section Evaluation.

Variable hash : hashing.
Variable p : compiled.
Variable name : row_name.
Variable c : N.  (* the combination of flags *)

Definition find_entry (fsv dmv : option digest) : outcome :=
  lookup hash (the_index p) {|
    wanted_key := key_of name fsv dmv;
    wanted_combination := c;
    wanted_fsverity := bytes_of fsv;
    wanted_dmverity := bytes_of dmv
  |}.

(** Looks up where only the root hash can matter. *)
Definition look_up_roothash (slot : outcome) : decision :=
  AskDmverity (fun dmv =>
    match dmv with
    | None => Decided slot
    | Some d => Decided (N.min slot (find_entry None (Some d)))
    end).

(** Looks up where only the fs-verity digest can matter. *)
Definition look_up_fsverity (slot : outcome) : decision :=
  AskFsverity (fun fsv =>
    match fsv with
    | None => Decided slot
    | Some d => Decided (N.min slot (find_entry (Some d) None))
    end).

(** Looks up where both digests may matter. *)
Definition look_up_any (slot : outcome) : decision :=
  let r := table p name in
  AskFsverity (fun fsv =>
    let first :=
      match fsv with
      | Some d =>
          if first_fsverity r <? slot then N.min slot (find_entry (Some d) None) else slot
      | None => slot
      end in
    (* The root hash is useless where each rule that could come first also names an absent
       digest. *)
    if (first_dmverity r <? first) || ((first_both r <? first) && is_some fsv) then
      AskDmverity (fun dmv =>
        match dmv with
        | None => Decided first
        | Some d =>
            let first :=
              if first_dmverity r <? first then N.min first (find_entry None (Some d))
              else first in
            match fsv with
            | Some _ =>
                if first_both r <? first then Decided (N.min first (find_entry fsv dmv))
                else Decided first
            | None => Decided first
            end
        end)
    else Decided first).

(** Decides where a rule that names a digest could come first. *)
Definition look_up (slot : outcome) (use_fsverity : bool) : decision :=
  let r := table p name in
  if negb use_fsverity then look_up_roothash slot
  else if (first_dmverity r <? slot) || (first_both r <? slot) then look_up_any slot
  else look_up_fsverity slot.

Definition decide_row : decision :=
  let r := table p name in
  let slot := slots r c in
  let go use_fsverity :=
    if use_fsverity || (first_dmverity r <? slot) then look_up slot use_fsverity
    else Decided slot in
  (* Rules that name both digests also need the fs-verity digest. *)
  if any_fsverity r <? slot then AskHasFsverity go else go false.

End Evaluation.

(** The decision about an operation on an object of a class, whose flags are these. *)
Definition decide (hash : hashing) (p : compiled) (op : option operation) (cl : class)
    (flags : N) : decision :=
  match op with
  | None => Decided (unknown p)
  | Some op => decide_row hash p (op, cl) flags
  end.

(** Answers a decision: with properties, and whether there may be an fs-verity digest. *)
Fixpoint run (f : properties) (may_have_fsverity : bool) (d : decision) : outcome :=
  match d with
  | Decided o => o
  | AskHasFsverity answer => run f may_have_fsverity (answer may_have_fsverity)
  | AskFsverity answer => run f may_have_fsverity (answer (fsverity_digest f))
  | AskDmverity answer => run f may_have_fsverity (answer (dmverity_roothash f))
  end.

Definition class_of (o : object) : class :=
  match o with
  | File _ => FileClass
  | Memory _ => MemoryClass
  | ModifiedMapping _ => ModifiedClass
  end.

(** The class as which such objects are decided about. *)
Definition class_in (p : compiled) (op : option operation) (cl : class) : class :=
  match op with
  | None => cl
  | Some op => if has_row (tells p) op cl then cl else FileClass
  end.

(** The verdict of a compiled policy. *)
Definition evaluate (hash : hashing) (p : compiled) (op : option operation) (o : object)
    (may_have_fsverity : bool) : verdict :=
  let f := properties_of o in
  verdict_of
    (run f may_have_fsverity (decide hash p op (class_in p op (class_of o)) (combination f))).
