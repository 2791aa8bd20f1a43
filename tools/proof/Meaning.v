(* SPDX-License-Identifier: GPL-2.0-only *)

(** The meaning of a policy.

    This file defines the policy language: which rule or default decides about an operation on an
    object. It knows nothing of the compiled form. The order of the rules is all there is to it:
    the first rule that matches decides, then the operation's default, then the global default. *)

From Coq Require Import Bool List NArith.
Import ListNotations.
Open Scope N_scope.

(** * Words of the language *)

Inductive action := Allow | Deny.

Inductive operation :=
| Execute | Firmware | KernelModule | KexecImage | KexecInitramfs | Policy | X509Cert
| Ptrace | UncheckedScript | InteractiveScript.

(** The kernel asks about the operations of an extension only where a policy names them. *)
Definition of_extension (op : operation) : bool :=
  match op with
  | Ptrace | UncheckedScript | InteractiveScript => true
  | _ => false
  end.

(** A digest: a hash algorithm, by its number in the table of algorithms, and the digest's bytes. *)
Record digest := { algorithm : N; bytes : list N }.

(** A parameter of the kernel's command line that names root hashes, by its number. *)
Definition parameter := N.

Inductive root_hash :=
| Digest (d : digest)
| CommandLine (p : parameter).  (* each root hash that the parameter names *)

(** The properties that a rule can ask of a file. *)
Inductive property :=
| BootVerified (value : bool)
| DmverityRoothash (wanted : root_hash)
| DmveritySignature (value : bool)
| FsverityDigest (wanted : digest)
| FsveritySignature (value : bool).

(** The conditions of a rule: properties of the object, which are written as they are; properties
    of the program that asks, which are written with [exe_]; whether the object is memory; and
    whether it is a mapping of a file that was modified. *)
Inductive condition :=
| OfObject (p : property)
| OfProgram (p : property)
| AnonymousMemory (value : bool)
| IsModified (value : bool).

(** A rule. It is known by the offset of its line in the text. *)
Record rule := {
  offset : N;
  rule_operation : operation;
  conditions : list condition;
  rule_action : action
}.

Record policy := {
  rules : list rule;  (* in the order of the text *)
  operation_default : operation -> option action;
  global_default : option action
}.

(** * Kernels and objects *)

Inductive kind :=
| BootVerifiedKind | DmverityRoothashKind | DmveritySignatureKind
| FsverityDigestKind | FsveritySignatureKind.

Definition kind_of (p : property) : kind :=
  match p with
  | BootVerified _ => BootVerifiedKind
  | DmverityRoothash _ => DmverityRoothashKind
  | DmveritySignature _ => DmveritySignatureKind
  | FsverityDigest _ => FsverityDigestKind
  | FsveritySignature _ => FsveritySignatureKind
  end.

(** A kernel: the properties that it can tell, and the root hashes on its command line. A parameter
    that is absent, ambiguous or invalid names [None]. *)
Record kernel := {
  provides : kind -> bool;
  named : parameter -> option (list digest)
}.

(** The properties that a file has. *)
Record properties := {
  boot_verified : bool;
  dmverity_signature : bool;
  fsverity_signature : bool;
  dmverity_roothash : option digest;
  fsverity_digest : option digest
}.

Definition no_properties : properties := {|
  boot_verified := false;
  dmverity_signature := false;
  fsverity_signature := false;
  dmverity_roothash := None;
  fsverity_digest := None
|}.

(** An object is a file, memory, or a modified mapping of a file, which has the properties of the
    file. Memory has no properties of its own: rules can ask for those of
    the program that uses it. The object of [Ptrace], a process, counts as memory. *)
Inductive object :=
| File (own : properties)
| Memory (program : properties)
| ModifiedMapping (own : properties).

(** * The rule that decides *)

Fixpoint same_bytes (a b : list N) : bool :=
  match a, b with
  | [], [] => true
  | x :: a, y :: b => (x =? y) && same_bytes a b
  | _, _ => false
  end.

Definition same_digest (a b : digest) : bool :=
  (algorithm a =? algorithm b) && same_bytes (bytes a) (bytes b).

Definition is_digest (wanted : digest) (found : option digest) : bool :=
  match found with
  | Some d => same_digest wanted d
  | None => false
  end.

(** Whether the kernel finds that a file has a property. A property that the kernel cannot tell is
    not even [FALSE]. *)
Definition has (k : kernel) (f : properties) (p : property) : bool :=
  provides k (kind_of p) &&
  match p with
  | BootVerified value => eqb (boot_verified f) value
  | DmveritySignature value => eqb (dmverity_signature f) value
  | FsveritySignature value => eqb (fsverity_signature f) value
  | FsverityDigest wanted => is_digest wanted (fsverity_digest f)
  | DmverityRoothash (Digest wanted) => is_digest wanted (dmverity_roothash f)
  | DmverityRoothash (CommandLine parameter) =>
      match named k parameter with
      | Some digests => existsb (fun wanted => is_digest wanted (dmverity_roothash f)) digests
      | None => false
      end
  end.

Definition holds (k : kernel) (o : object) (c : condition) : bool :=
  match c, o with
  | OfObject p, File own | OfObject p, ModifiedMapping own => has k own p
  | OfObject p, Memory _ => has k no_properties p
  | OfProgram p, Memory program => has k program p
  | OfProgram _, File _ | OfProgram _, ModifiedMapping _ => false
  | AnonymousMemory value, File _ | AnonymousMemory value, ModifiedMapping _ => eqb value false
  | AnonymousMemory value, Memory _ => eqb value true
  | IsModified value, File _ => eqb value false
  | IsModified value, ModifiedMapping _ => eqb value true
  | IsModified _, Memory _ => false
  end.

Definition same_operation (a b : operation) : bool :=
  match a, b with
  | Execute, Execute | Firmware, Firmware | KernelModule, KernelModule
  | KexecImage, KexecImage | KexecInitramfs, KexecInitramfs | Policy, Policy
  | X509Cert, X509Cert | Ptrace, Ptrace | UncheckedScript, UncheckedScript
  | InteractiveScript, InteractiveScript => true
  | _, _ => false
  end.

Definition matches (k : kernel) (op : operation) (o : object) (r : rule) : bool :=
  same_operation (rule_operation r) op && forallb (holds k o) (conditions r).

(** * The decision *)

(** The origin of a decision. *)
Inductive scope := Rule (at_offset : N) | OperationDefault | GlobalDefault.

Definition verdict := (action * scope)%type.

(** A policy without a global default denies what it does not mention. *)
Definition by_global_default (p : policy) : verdict :=
  (match global_default p with Some a => a | None => Deny end, GlobalDefault).

Definition by_default (p : policy) (op : operation) : verdict :=
  match operation_default p op with
  | Some a => (a, OperationDefault)
  | None => by_global_default p
  end.

(** The decision about an operation on an object. The operation is [None] where the kernel knows it
    and the language does not. *)
Definition meaning (k : kernel) (p : policy) (op : option operation) (o : object) : verdict :=
  match op with
  | None => by_global_default p
  | Some op =>
      match find (matches k op o) (rules p) with
      | Some r => (rule_action r, Rule (offset r))
      | None => by_default p op
      end
  end.

(** Whether the policy names an operation, in a rule or in a default. *)
Definition names (p : policy) (op : operation) : bool :=
  existsb (fun r => same_operation (rule_operation r) op) (rules p) ||
  match operation_default p op with Some _ => true | None => false end.

Definition asks_whether_modified (c : condition) : bool :=
  match c with IsModified _ => true | _ => false end.

(** Whether the policy tells modified mappings from files. *)
Definition tells_modified (p : policy) : bool :=
  existsb (fun r => existsb asks_whether_modified (conditions r)) (rules p).

(** Whether the kernel asks the policy about an operation. *)
Definition asked (p : policy) (op : operation) : bool := negb (of_extension op) || names p op.

(** * What policies, kernels and objects are like

    The parser refuses every other policy. *)

(** The offsets that stand for the defaults begin here. No text is that long. *)
Definition first_default_offset : N := 2 ^ 31 - 2.

Fixpoint in_order (rs : list rule) : Prop :=
  match rs with
  | [] => True
  | r :: rest => offset r < first_default_offset /\
                 Forall (fun later => offset r < offset later) rest /\ in_order rest
  end.

Definition root_hash_of (p : property) : list root_hash :=
  match p with DmverityRoothash wanted => [wanted] | _ => [] end.

Definition from_command_line (wanted : root_hash) : bool :=
  match wanted with CommandLine _ => true | Digest _ => false end.

(** A root hash of the command line is the only root hash that a rule asks for. *)
Definition alone (ps : list property) : Prop :=
  let wanted := flat_map root_hash_of ps in
  (length wanted <= 1)%nat \/ existsb from_command_line wanted = false.

Definition of_object (c : condition) : list property :=
  match c with OfObject p => [p] | _ => [] end.

Definition of_program (c : condition) : list property :=
  match c with OfProgram p => [p] | _ => [] end.

Definition well_formed_rule (r : rule) : Prop :=
  alone (flat_map of_object (conditions r)) /\ alone (flat_map of_program (conditions r)) /\
  (* Other operations are not about mappings. *)
  (rule_operation r = Execute \/ existsb asks_whether_modified (conditions r) = false).

Definition well_formed (p : policy) : Prop :=
  in_order (rules p) /\ Forall well_formed_rule (rules p).

(** The digests of the algorithms that the kernel has. *)
Record algorithms := {
  length_of : N -> option nat;   (* the number of bytes, if there is such an algorithm *)
  of_fsverity : N -> bool        (* whether fs-verity can use it *)
}.

Definition is_valid (a : algorithms) (d : digest) : bool :=
  match length_of a (algorithm d) with
  | Some n => Nat.eqb (length (bytes d)) n
  | None => false
  end.

Definition is_valid_fsverity (a : algorithms) (d : digest) : bool :=
  of_fsverity a (algorithm d) && is_valid a d.

(** A file's digests are those of algorithms that there are. *)
Definition real (a : algorithms) (f : properties) : Prop :=
  (forall d, dmverity_roothash f = Some d -> is_valid a d = true) /\
  (forall d, fsverity_digest f = Some d -> is_valid_fsverity a d = true).

Definition properties_of (o : object) : properties :=
  match o with File own | ModifiedMapping own => own | Memory program => program end.

Definition real_object (a : algorithms) (o : object) : Prop := real a (properties_of o).
