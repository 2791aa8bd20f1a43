(* SPDX-License-Identifier: GPL-2.0-only *)

(** A decision asks for digests only where a rule names one. A digest that it does not ask for
    cannot matter. *)

From Coq Require Import Bool List NArith Lia.
From Ipe Require Import Meaning Compiled Basics RowsCorrect DecisionCorrect Correct.
Import ListNotations.
Open Scope N_scope.

(** Whether a decision asks for the fs-verity digest of a file with these properties. *)
Fixpoint asks_fsverity (f : properties) (may : bool) (d : decision) : bool :=
  match d with
  | Decided _ => false
  | AskHasFsverity answer => asks_fsverity f may (answer may)
  | AskFsverity _ => true
  | AskDmverity answer => asks_fsverity f may (answer (dmverity_roothash f))
  end.

(** Whether a decision asks for the root hash. *)
Fixpoint asks_dmverity (f : properties) (may : bool) (d : decision) : bool :=
  match d with
  | Decided _ => false
  | AskHasFsverity answer => asks_dmverity f may (answer may)
  | AskFsverity answer => asks_dmverity f may (answer (fsverity_digest f))
  | AskDmverity _ => true
  end.

(** * What a rule names *)

Definition property_names_fsverity (p : property) : bool :=
  match p with FsverityDigest _ => true | _ => false end.

Definition property_names_root_hash (p : property) : bool :=
  match p with DmverityRoothash _ => true | _ => false end.

(** Whether a rule has such a property, of the object or of the program. *)
Definition has_property (such : property -> bool) (r : rule) : bool :=
  existsb
    (fun c =>
       match c with
       | OfObject p | OfProgram p => such p
       | AnonymousMemory _ | IsModified _ => false
       end)
    (conditions r).

Section Proofs.

Variable hash : hashing.
Variable k : kernel.
Variable a : algorithms.
Hypothesis Hkernel : well_formed_kernel k a.

Definition no_fsverity (w : wanting) : Prop := fsverity w = None.
Definition no_root_hash (w : wanting) : Prop := dmverity w = None /\ from_parameter w = None.

Lemma want_no_fsverity : forall w p w',
  property_names_fsverity p = false -> no_fsverity w -> want k a w p = Some w' -> no_fsverity w'.
Proof.
  unfold no_fsverity, want. intros w p w' Hp Hw H.
  destruct (provides k (kind_of p)); cbn [negb] in H; [| discriminate].
  destruct p as [v | [d | parameter] | v | d | v]; try discriminate Hp;
    try (injection H as <-; exact Hw).
  - destruct (is_valid a d); [| discriminate].
    destruct (set_digest (dmverity w) d); [| discriminate]. injection H as <-. exact Hw.
  - destruct (named k parameter); [| discriminate]. injection H as <-. exact Hw.
Qed.

Lemma want_no_root_hash : forall w p w',
  property_names_root_hash p = false -> no_root_hash w -> want k a w p = Some w' ->
  no_root_hash w'.
Proof.
  unfold no_root_hash, want. intros w p w' Hp Hw H.
  destruct (provides k (kind_of p)); cbn [negb] in H; [| discriminate].
  destruct p as [v | wanted | v | d | v]; try discriminate Hp;
    try (injection H as <-; exact Hw).
  destruct (is_valid_fsverity a d); [| discriminate].
  destruct (set_digest (fsverity w) d); [| discriminate]. injection H as <-. exact Hw.
Qed.

(** Collected conditions have nothing that the rule does not name. *)
Lemma collected_without : forall (such : property -> bool) (without : wanting -> Prop),
  (forall w p w', such p = false -> without w -> want k a w p = Some w' -> without w') ->
  (forall w, without w -> without (with_combinations w 0)) ->
  forall conds c,
  existsb
    (fun c =>
       match c with
       | OfObject p | OfProgram p => such p
       | AnonymousMemory _ | IsModified _ => false
       end)
    conds = false ->
  without (object_wants c) -> without (program_wants c) ->
  without (object_wants (fold_left (collect k a) conds c)) /\
  without (program_wants (fold_left (collect k a) conds c)).
Proof.
  intros such without Hwant Hset. induction conds as [| new rest IH]; intros c H Ho Hp.
  - split; assumption.
  - cbn [existsb] in H. apply orb_false_iff in H as [H1 H2]. cbn [fold_left].
    apply IH; [exact H2 | |]; destruct new as [p | p | v | v]; cbn [collect program_wants].
    + destruct (want k a (object_wants c) p) eqn:E;
        [exact (Hwant _ _ _ H1 Ho E) | exact (Hset _ Ho)].
    + destruct (want k a (program_wants c) p); [exact Ho | exact (Hset _ Ho)].
    + exact Ho.
    + exact Ho.
    + destruct (want k a (object_wants c) p); [exact Hp | exact (Hset _ Hp)].
    + destruct (want k a (program_wants c) p) eqn:E;
        [exact (Hwant _ _ _ H1 Hp E) | exact (Hset _ Hp)].
    + exact Hp.
    + exact Hp.
Qed.

(** An item of a row comes from a rule about its operation. *)
Lemma item_of_rule : forall (such : property -> bool) (without : wanting -> Prop),
  (forall w p w', such p = false -> without w -> want k a w p = Some w' -> without w') ->
  (forall w, without w -> without (with_combinations w 0)) ->
  without nothing ->
  forall tells rs op cl x, In x (items k a tells (op, cl) rs) -> ~ without (fst x) ->
  exists r, In r rs /\ rule_operation r = op /\ has_property such r = true.
Proof.
  intros such without Hwant Hset Hnothing tells rs op cl x Hin Hx.
  apply in_flat_map in Hin as (r & Hr & Hin). unfold items_of in Hin. cbn [fst snd] in Hin.
  destruct (same_operation (rule_operation r) op) eqn:E; [| easy].
  apply same_operation_iff in E.
  exists r. split; [exact Hr | split; [exact E |]].
  destruct (has_property such r) eqn:Hno; [reflexivity | exfalso; apply Hx].
  destruct (collected_without such without Hwant Hset (conditions r) always Hno Hnothing Hnothing)
    as [Ho Hp].
  destruct (wants_of (fold_left (collect k a) (conditions r) always) cl) as [w |] eqn:W; [| easy].
  destruct (has_row tells op cl); [| easy].
  destruct Hin as [<- | []]. cbn [fst]. unfold wants_of in W.
  destruct cl; destruct (_ && _); try discriminate W; injection W as <-; assumption.
Qed.

(** * What a decision asks for *)

Lemma row_asks_fsverity : forall p name c f may,
  asks_fsverity f may (decide_row hash p name c) = true ->
  any_fsverity (table p name) < slots (table p name) c.
Proof.
  intros p name c f may H. unfold decide_row, look_up, look_up_roothash in H.
  destruct (N.ltb_spec (any_fsverity (table p name)) (slots (table p name) c)) as [Hlt | _];
    [exact Hlt | exfalso].
  cbn [orb negb] in H.
  destruct (_ <? _); cbn [asks_fsverity] in H; [| discriminate].
  destruct (dmverity_roothash f); discriminate.
Qed.

Lemma row_asks_dmverity : forall p name c f may,
  asks_dmverity f may (decide_row hash p name c) = true ->
  first_dmverity (table p name) < slots (table p name) c \/
  first_both (table p name) < slots (table p name) c.
Proof.
  intros p name c f may H. unfold decide_row, look_up, look_up_fsverity in H.
  destruct (N.ltb_spec (first_dmverity (table p name)) (slots (table p name) c)) as [Hd | Hd];
    [now left |].
  destruct (N.ltb_spec (first_both (table p name)) (slots (table p name) c)) as [Hb | Hb];
    [now right | exfalso].
  cbn [orb] in H.
  destruct (any_fsverity _ <? _); cbn [asks_dmverity] in H; [| discriminate].
  destruct may; cbn [orb negb asks_dmverity] in H; [| discriminate].
  destruct (fsverity_digest f); discriminate.
Qed.

Lemma slot_at_most_none : forall p name c,
  slots (table (compile hash k a p) name) c <= none.
Proof.
  intros p name c.
  change (N.min (default_outcome p (fst name))
    (slots (rows (fold_left (add_rule k a (tells_modified p)) (rules p) before) name) c) <= none).
  apply N.min_le_iff. left. apply default_outcome_at_most_none.
Qed.

(** A decision asks for the fs-verity digest only where a rule about the operation names one. *)
Theorem asks_fsverity_where_named : forall p op cl flags f may,
  asks_fsverity f may (decide hash (compile hash k a p) (Some op) cl flags) = true ->
  exists r, In r (rules p) /\ rule_operation r = op /\
    has_property property_names_fsverity r = true.
Proof.
  intros p op cl flags f may H. apply row_asks_fsverity in H.
  pose proof (slot_at_most_none p (op, cl) flags) as Hslot.
  assert (Hany := N.lt_le_trans _ _ _ H Hslot).
  apply (knows_named_fsverity _ _ _ _ (pass_knows k a Hkernel (tells_modified p) (rules p) (op, cl))) in Hany
    as (x & d & Hin & Hx).
  refine (item_of_rule property_names_fsverity no_fsverity want_no_fsverity _ _ _ _ _ _ _ Hin _).
  - intros w Hw. exact Hw.
  - reflexivity.
  - unfold no_fsverity. congruence.
Qed.

(** And for the root hash only where a rule about the operation names one. *)
Theorem asks_dmverity_where_named : forall p op cl flags f may,
  asks_dmverity f may (decide hash (compile hash k a p) (Some op) cl flags) = true ->
  exists r, In r (rules p) /\ rule_operation r = op /\
    has_property property_names_root_hash r = true.
Proof.
  intros p op cl flags f may H. apply row_asks_dmverity in H.
  pose proof (slot_at_most_none p (op, cl) flags) as Hslot.
  assert (Hnone : first_dmverity (table (compile hash k a p) (op, cl)) < none \/
      first_both (table (compile hash k a p) (op, cl)) < none).
  { destruct H as [H | H]; [left | right]; exact (N.lt_le_trans _ _ _ H Hslot). }
  apply (knows_named_dmverity _ _ _ _ (pass_knows k a Hkernel (tells_modified p) (rules p) (op, cl))) in Hnone
    as (x & d & Hin & Hx).
  refine (item_of_rule property_names_root_hash no_root_hash want_no_root_hash _ _ _ _ _ _ _
    Hin _).
  - intros w Hw. exact Hw.
  - split; reflexivity.
  - intros [H1 H2]. unfold root_hashes in Hx. rewrite H1, H2 in Hx.
    destruct Hx as [Hx | []]. discriminate.
Qed.

(** Where the compiled policy says that the program does not matter, a decision about memory asks
    for nothing, and is the same for every program. *)
Theorem program_need_not_be_known : forall p op f,
  asks_for_program (compile hash k a p) op = false ->
  decide hash (compile hash k a p) (Some op) MemoryClass (combination f) =
  Decided (slots (table (compile hash k a p) (op, MemoryClass)) no_flag).
Proof.
  intros p op f H.
  change (negb (is_constant (table (compile hash k a p) (op, MemoryClass))) = false) in H.
  cbn [decide]. unfold decide_row.
  assert (Hslot := slot_at_most_none p (op, MemoryClass) (combination f)).
  revert H Hslot. generalize (table (compile hash k a p) (op, MemoryClass)). intros r H Hslot.
  apply negb_false_iff in H. unfold is_constant in H.
  apply andb_true_iff in H as [H Hd]. apply andb_true_iff in H as [Hs Hf].
  apply N.eqb_eq in Hd, Hf. rewrite Hd, Hf. rewrite forallb_forall in Hs.
  apply N.ltb_ge in Hslot. rewrite Hslot. cbn [orb]. f_equal.
  destruct f as [[] [] [] dmv fsv]; try reflexivity; apply N.eqb_eq, Hs; vm_compute; tauto.
Qed.

End Proofs.
