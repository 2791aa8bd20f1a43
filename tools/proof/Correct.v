(* SPDX-License-Identifier: GPL-2.0-only *)

(** The compiled policy decides as the language says. *)

From Coq Require Import Bool List NArith Arith Lia.
From Ipe Require Import Meaning Compiled Basics IndexCorrect ConditionsCorrect RowsCorrect
  DecisionCorrect.
Import ListNotations.
Open Scope N_scope.

(** * What is assumed of a kernel

    Numbers of algorithms fit into the index's keys, as an assertion in [policy/index.rs] says. The
    root hashes that the command line names are digests of algorithms that there are, as
    [RootHashes::each] promises in [policy/parameter.rs]. *)

Record well_formed_kernel (k : kernel) (a : algorithms) : Prop := {
  algorithms_fit : forall n length, length_of a n = Some length -> n < 31;
  named_are_valid : forall p digests, named k p = Some digests ->
    Forall (fun d => is_valid a d = true) digests
}.

Section Proofs.

Variable hash : hashing.
Variable k : kernel.
Variable a : algorithms.
Hypothesis Hkernel : well_formed_kernel k a.

Lemma valid_small : forall d, is_valid a d = true -> algorithm d < 31.
Proof.
  intros d H. unfold is_valid in H.
  destruct (length_of a (algorithm d)) as [n |] eqn:E; [| discriminate].
  exact (algorithms_fit _ _ Hkernel _ _ E).
Qed.

Lemma valid_fsverity_small : forall d, is_valid_fsverity a d = true -> algorithm d < 31.
Proof. intros d H. apply andb_true_iff in H as [_ H]. now apply valid_small. Qed.

(** * Digests of rules are valid *)

Definition digests_small (w : wanting) : Prop := small (fsverity w) /\ small (dmverity w).

Lemma set_digest_small : forall old new d,
  small old -> algorithm new < 31 -> set_digest old new = Some d -> algorithm d < 31.
Proof.
  intros [old |] new d Ho Hn H; simpl in *; [| now injection H as <-].
  destruct (same_digest old new); [now injection H as <- | discriminate].
Qed.

Lemma want_small : forall w p w',
  digests_small w -> want k a w p = Some w' -> digests_small w'.
Proof.
  intros w p w' [Hf Hd] H. unfold want in H.
  destruct (provides k (kind_of p)); cbn [negb] in H; [| discriminate].
  destruct p as [v | [d | parameter] | v | d | v];
    try (injection H as <-; split; auto; fail).
  - destruct (is_valid a d) eqn:E; [| discriminate].
    destruct (set_digest (dmverity w) d) as [d' |] eqn:S; [| discriminate].
    injection H as <-. split; auto.
    exact (set_digest_small _ _ _ Hd (valid_small _ E) S).
  - destruct (named k parameter); [| discriminate]. injection H as <-. now split.
  - destruct (is_valid_fsverity a d) eqn:E; [| discriminate].
    destruct (set_digest (fsverity w) d) as [d' |] eqn:S; [| discriminate].
    injection H as <-. split; auto.
    exact (set_digest_small _ _ _ Hf (valid_fsverity_small _ E) S).
Qed.

Lemma collected_small : forall conds c,
  digests_small (object_wants c) -> digests_small (program_wants c) ->
  let c' := fold_left (collect k a) conds c in
  digests_small (object_wants c') /\ digests_small (program_wants c').
Proof.
  induction conds as [| new rest IH]; intros c Ho Hp; cbn [fold_left]; auto.
  apply IH; destruct new as [p | p | v | v]; cbn [collect].
  - destruct (want k a (object_wants c) p) eqn:E; [exact (want_small _ _ _ Ho E) | exact Ho].
  - cbn [program_wants]. destruct (want k a (program_wants c) p); exact Ho.
  - exact Ho.
  - exact Ho.
  - destruct (want k a (object_wants c) p); exact Hp.
  - cbn [program_wants].
    destruct (want k a (program_wants c) p) eqn:E; [exact (want_small _ _ _ Hp E) | exact Hp].
  - exact Hp.
  - exact Hp.
Qed.

Lemma digests_wants_small : forall w, digests_small w -> wants_small k w.
Proof.
  intros w [Hf Hd]. split; auto. intros wanted Hin. unfold root_hashes in Hin.
  destruct (from_parameter w) as [parameter |].
  - destruct (named k parameter) as [digests |] eqn:E; [| easy].
    apply (named_are_valid _ _ Hkernel) in E. rewrite Forall_forall in E.
    apply in_map_iff in Hin as (d & <- & Hin). simpl. apply valid_small. auto.
  - destruct Hin as [<- | []]. exact Hd.
Qed.

(** * The rules of a row *)

(** The items that a rule adds to a row. *)
Definition items_of (tells : bool) (name : row_name) (r : rule) : list item :=
  if same_operation (rule_operation r) (fst name) then
    match wants_of (fold_left (collect k a) (conditions r) always) (snd name) with
    | Some w =>
        if has_row tells (fst name) (snd name) then [(w, outcome_of (offset r) (rule_action r))]
        else []
    | None => []
    end
  else [].

Definition items (tells : bool) (name : row_name) (rs : list rule) : list item :=
  flat_map (items_of tells name) rs.

Lemma wants_of_small : forall r cl w,
  wants_of (fold_left (collect k a) (conditions r) always) cl = Some w -> wants_small k w.
Proof.
  intros r cl w H.
  destruct (collected_small (conditions r) always) as [Ho Hp]; try (split; exact I).
  apply digests_wants_small. unfold wants_of in H.
  destruct cl; destruct (_ && _); try discriminate; now injection H as <-.
Qed.

Lemma add_class_knows : forall tells r s logs cl,
  (forall name, row_knows k s name (logs name)) ->
  forall name, row_knows k (add_class k a tells r s cl) name
    (if class_number (snd name) =? class_number cl then logs name ++ items_of tells name r
     else logs name).
Proof.
  intros tells r s logs cl H [op cl']. unfold add_class, items_of. cbn [fst snd].
  destruct (wants_of (fold_left (collect k a) (conditions r) always) cl) as [w |] eqn:E.
  - destruct (has_row tells (rule_operation r) cl) eqn:Hrow'.
    2: { (* There is no such row, so nothing is added to it. *)
      destruct (N.eqb_spec (class_number cl') (class_number cl)) as [Hc | Hc]; auto.
      apply class_number_injective in Hc as ->. rewrite E.
      destruct (same_operation (rule_operation r) op) eqn:Ho; [| now rewrite app_nil_r].
      apply same_operation_iff in Ho as <-. rewrite Hrow', app_nil_r. auto. }
    pose proof (add_to_row_knows k s logs (rule_operation r, cl) w
      (outcome_of (offset r) (rule_action r)) H (wants_of_small _ _ _ E) (op, cl')) as Hrow.
    unfold same_row in Hrow. cbn [fst snd] in Hrow.
    rewrite (N.eqb_sym (class_number cl') (class_number cl)).
    destruct (N.eqb_spec (class_number cl) (class_number cl')) as [Hc | Hc].
    + apply class_number_injective in Hc as <-. rewrite E.
      destruct (same_operation (rule_operation r) op) eqn:Ho; cbn [andb] in Hrow.
      * apply same_operation_iff in Ho as <-. now rewrite Hrow'.
      * now rewrite app_nil_r.
    + rewrite andb_false_r in Hrow. exact Hrow.
  - destruct (N.eqb_spec (class_number cl') (class_number cl)) as [Hc | Hc]; auto.
    apply class_number_injective in Hc as ->. rewrite E.
    destruct (same_operation (rule_operation r) op); rewrite app_nil_r; auto.
Qed.

Lemma add_rule_knows : forall tells r s logs,
  (forall name, row_knows k s name (logs name)) ->
  forall name, row_knows k (add_rule k a tells s r) name (logs name ++ items_of tells name r).
Proof.
  intros tells r s logs H name. unfold add_rule.
  pose proof (add_class_knows tells r _ _ ModifiedClass
    (add_class_knows tells r _ _ MemoryClass (add_class_knows tells r s logs FileClass H))
    name) as Hr.
  destruct name as [op []]; exact Hr.
Qed.

(** After the pass, each row knows all its rules. *)
Lemma pass_knows : forall tells rs name,
  row_knows k (fold_left (add_rule k a tells) rs before) name (items tells name rs).
Proof.
  intros tells rs.
  enough (H : forall s logs, (forall name, row_knows k s name (logs name)) ->
    forall name, row_knows k (fold_left (add_rule k a tells) rs s) name
      (logs name ++ items tells name rs)).
  { intro name. apply (H before (fun _ => [])). apply before_knows. }
  induction rs as [| r rs IH]; intros s logs H name; cbn [fold_left items flat_map].
  - now rewrite app_nil_r.
  - rewrite app_assoc.
    exact (IH _ (fun name => logs name ++ items_of tells name r)
      (add_rule_knows tells r s logs H) name).
Qed.

(** * Outcomes *)

Lemma outcome_bounds : forall at_offset act,
  2 * at_offset <= outcome_of at_offset act <= 2 * at_offset + 1.
Proof. intros o []; unfold outcome_of; lia. Qed.

Lemma outcome_grows : forall x y act act',
  x < y -> outcome_of x act < outcome_of y act'.
Proof. intros x y act act' H. pose proof (outcome_bounds x act). pose proof (outcome_bounds y act'). lia. Qed.

Lemma rule_below_defaults : forall x act,
  x < first_default_offset ->
  (forall act', outcome_of x act < outcome_of at_operation_default act') /\
  (forall act', outcome_of x act < outcome_of at_global_default act').
Proof.
  intros x act H. split; intro act'; apply outcome_grows.
  - exact H.
  - apply (N.lt_trans _ _ _ H). vm_compute. reflexivity.
Qed.

Lemma default_at_most_none : forall act,
  outcome_of at_operation_default act <= none /\ outcome_of at_global_default act <= none.
Proof. intros []; split; vm_compute; discriminate. Qed.

Lemma verdict_of_outcome : forall x act,
  verdict_of (outcome_of x act) =
  (act, if x =? at_global_default then GlobalDefault
        else if x =? at_operation_default then OperationDefault else Rule x).
Proof.
  intros x act. unfold verdict_of, outcome_of.
  replace (N.div2 (2 * x + match act with Allow => 1 | Deny => 0 end)) with x
    by (destruct act; [now rewrite <- N.succ_double_spec, N.div2_succ_double
                      | now rewrite N.add_0_r, <- N.double_spec, N.div2_double]).
  f_equal.
  destruct act; [rewrite N.add_comm, N.odd_add_mul_2 | rewrite N.add_0_r, N.odd_mul]; auto.
Qed.

Lemma items_ascending : forall tells name rs, in_order rs -> ascending (items tells name rs).
Proof.
  intros tells name rs H. induction rs as [| r rs IH]; [exact I |].
  destruct H as (H1 & H2 & H3). specialize (IH H3). cbn [items flat_map].
  assert (Hlater : Forall
      (fun y => outcome_of (offset r) (rule_action r) < snd y) (items tells name rs)).
  { apply Forall_forall. intros y Hin. apply in_flat_map in Hin as (r' & Hr' & Hy).
    rewrite Forall_forall in H2. specialize (H2 _ Hr'). unfold items_of in Hy.
    destruct (same_operation _ _); [| easy].
    destruct (wants_of _ _); [| easy]. destruct (has_row _ _ _); [| easy].
    destruct Hy as [<- | []]. now apply outcome_grows. }
  fold (items tells name rs). unfold items_of.
  destruct (same_operation _ _); auto.
  destruct (wants_of _ _) as [w |]; auto.
  destruct (has_row _ _ _); auto.
  cbn [app ascending snd]. split; [| split]; auto.
  exact (proj2 (rule_below_defaults _ (rule_action r) H1) Allow).
Qed.

(** * One decision *)

Lemma real_small : forall f,
  real a f -> small (fsverity_digest f) /\ small (dmverity_roothash f).
Proof.
  intros f [Hd Hf]. split.
  - destruct (fsverity_digest f) as [d |]; [| exact I].
    exact (valid_fsverity_small _ (Hf _ eq_refl)).
  - destruct (dmverity_roothash f) as [d |]; [| exact I].
    exact (valid_small _ (Hd _ eq_refl)).
Qed.

(** A lookup finds the first rule that wants exactly these digests. *)
Lemma find_entry_first : forall p name c fsv dmv,
  small fsv -> small dmv -> is_some fsv || is_some dmv = true ->
  find_entry hash (compile hash k a p) name c fsv dmv =
  first (exactly k c fsv dmv) (fst (reduce (items (tells_modified p) name (rules p)))).
Proof.
  intros p name c fsv dmv Hf Hd Hsome. unfold find_entry.
  change (the_index (compile hash k a p)) with
    (index_of hash (entries (fold_left (add_rule k a (tells_modified p)) (rules p) before))).
  fold (question_about name c fsv dmv).
  rewrite index_finds, (knows_entries _ _ _ _ (pass_knows _ (rules p) name)) by auto.
  unfold first. now destruct (find _ _) as [[w o] |].
Qed.

Lemma if_given_first : forall given P l,
  if_given given (first P l) = first (fun x => given && P x) l.
Proof.
  intros [] P l; cbn [if_given andb]; [now apply first_ext | symmetry; apply first_nothing].
Qed.

(** The default of an operation. *)
Definition default_outcome (p : policy) (op : operation) : outcome :=
  match operation_default p op with
  | Some act => outcome_of at_operation_default act
  | None =>
      outcome_of at_global_default
        match global_default p with Some act => act | None => Deny end
  end.

Lemma default_outcome_at_most_none : forall p op, default_outcome p op <= none.
Proof.
  intros p op. unfold default_outcome.
  destruct (operation_default p op); apply default_at_most_none.
Qed.

(** The outcome is that of the first rule that accepts the properties, or the default. *)
Lemma decision_first : forall p op cl f may,
  in_order (rules p) -> real a f -> (may = false -> fsverity_digest f = None) ->
  run f may (decide_row hash (compile hash k a p) (op, cl) (combination f)) =
  N.min (default_outcome p op)
    (first (accepted k (combination f) (fsverity_digest f) (dmverity_roothash f))
      (items (tells_modified p) (op, cl) (rules p))).
Proof.
  intros p op cl f may Horder Hreal Hmay.
  destruct (real_small f Hreal) as [Hf Hd].
  pose proof (pass_knows (tells_modified p) (rules p) (op, cl)) as Hrow.
  assert (Hasc := reduce_ascending k _ (items_ascending (tells_modified p) (op, cl) _ Horder)).
  assert (Hbound : forall P,
      first P (fst (reduce (items (tells_modified p) (op, cl) (rules p)))) <= none)
    by (intro; now apply first_at_most_none).
  destruct (knows_small _ _ _ _ Hrow) as (Sf & Sd & Sb).
  rewrite decide_row_minimum;
    change (table (compile hash k a p) (op, cl)) with
      (fill (default_outcome p op)
        (rows (fold_left (add_rule k a (tells_modified p)) (rules p) before) (op, cl)));
    cbn [fill slots first_fsverity first_dmverity first_both any_fsverity].
  - assert (Hfind : forall given fsv dmv,
        (given = true -> small fsv /\ small dmv /\ is_some fsv || is_some dmv = true) ->
        if_given given (find_entry hash (compile hash k a p) (op, cl) (combination f) fsv dmv) =
        first (fun x => given && exactly k (combination f) fsv dmv x)
          (fst (reduce (items (tells_modified p) (op, cl) (rules p))))).
    { intros [] fsv dmv H; rewrite <- if_given_first; auto.
      destruct (H eq_refl) as (H1 & H2 & H3). now rewrite find_entry_first. }
    rewrite (Hfind (is_some (fsverity_digest f))) by
      (intros ->; repeat split; auto; exact I).
    rewrite (Hfind (is_some (dmverity_roothash f))) by
      (intros ->; repeat split; auto; exact I).
    rewrite (Hfind (is_some (fsverity_digest f) && is_some (dmverity_roothash f))) by
      (intro E; apply andb_true_iff in E as [-> ->]; repeat split; auto).
    rewrite (knows_slots _ _ _ _ Hrow), <- N.min_assoc. f_equal.
    rewrite !min_first by exact Hasc. rewrite <- reduce_first. apply first_ext.
    intro x. rewrite accepted_exactly.
    now rewrite <- !orb_assoc.
  - rewrite (knows_slots _ _ _ _ Hrow). specialize (Hbound (exactly k (combination f) None None)).
    apply N.min_le_iff. now right.
  - apply (knows_any _ _ _ _ Hrow).
  - exact Hmay.
  - intro Hsome. rewrite find_entry_first by (rewrite ?Hsome; auto; exact I).
    apply first_at_least; auto.
    intros x Hin Hx. unfold exactly in Hx. rewrite !andb_true_iff in Hx.
    destruct Hx as [[_ H1] H2].
    apply same_optional_iff in H1. apply existsb_exists in H2 as (w & Hw & H2).
    apply same_optional_iff in H2 as ->.
    destruct (fsverity_digest f) as [d |]; [| discriminate].
    exact (knows_fsverity _ _ _ _ Hrow x d Hin H1 Hw).
  - intro Hsome. rewrite find_entry_first by (rewrite ?Hsome; auto; exact I).
    apply first_at_least; auto.
    intros x Hin Hx. unfold exactly in Hx. rewrite !andb_true_iff in Hx.
    destruct Hx as [[_ H1] H2].
    apply same_optional_iff in H1. apply existsb_exists in H2 as (w & Hw & H2).
    apply same_optional_iff in H2 as ->.
    destruct (dmverity_roothash f) as [d |]; [| discriminate].
    exact (knows_dmverity _ _ _ _ Hrow x d Hin H1 Hw).
  - intro Hsome. apply andb_true_iff in Hsome as [Hsf Hsd].
    rewrite find_entry_first by (rewrite ?Hsf; auto).
    apply first_at_least; auto.
    intros x Hin Hx. unfold exactly in Hx. rewrite !andb_true_iff in Hx.
    destruct Hx as [[_ H1] H2].
    apply same_optional_iff in H1. apply existsb_exists in H2 as (w & Hw & H2).
    apply same_optional_iff in H2 as ->.
    destruct (fsverity_digest f) as [fd |]; [| discriminate].
    destruct (dmverity_roothash f) as [dd |]; [| discriminate].
    exact (knows_both _ _ _ _ Hrow x fd dd Hin H1 Hw).
Qed.

(** The first rule that matches an object is the first one of its row that accepts it. *)
Lemma first_rule : forall tells rs op o,
  real_object a o -> Forall well_formed_rule rs -> has_row tells op (class_of o) = true ->
  let f := properties_of o in
  first (accepted k (combination f) (fsverity_digest f) (dmverity_roothash f))
    (items tells (op, class_of o) rs) =
  match find (matches k op o) rs with
  | Some r => outcome_of (offset r) (rule_action r)
  | None => none
  end.
Proof.
  intros tells rs op o Hreal Hwell Hrow. cbv zeta. induction rs as [| r rs IH]; [reflexivity |].
  inversion_clear Hwell as [| ? ? Hr Hrs]. specialize (IH Hrs).
  cbn [items flat_map find]. unfold matches at 1. unfold items_of at 1. cbn [fst snd].
  fold (items tells (op, class_of o) rs).
  rewrite (conditions_collected k a o r Hreal Hr). cbv zeta.
  destruct (same_operation (rule_operation r) op); cbn [andb]; [| exact IH].
  destruct (wants_of _ _) as [w |]; [| exact IH]. rewrite Hrow.
  unfold first. cbn [app find]. unfold accepted at 1. cbn [fst].
  destruct (accepts _ _ _ _ w); [reflexivity | exact IH].
Qed.

(** * Modified mappings *)

(** The object as which one is decided about: a policy may not tell a modified mapping from the
    file. *)
Definition seen_as (p : policy) (op : operation) (o : object) : object :=
  match o with
  | ModifiedMapping own =>
      if has_row (tells_modified p) op ModifiedClass then o else File own
  | _ => o
  end.

Lemma seen_as_properties : forall p op o, properties_of (seen_as p op o) = properties_of o.
Proof. intros p op [own | program | own]; cbn [seen_as]; auto. now destruct (has_row _ _ _). Qed.

Lemma seen_as_row : forall p op o, has_row (tells_modified p) op (class_of (seen_as p op o)) = true.
Proof.
  intros p op [own | program | own]; cbn [seen_as]; auto.
  destruct (has_row _ _ ModifiedClass) eqn:E; [exact E | reflexivity].
Qed.

Lemma seen_as_class : forall p op o,
  class_in (compile hash k a p) (Some op) (class_of o) = class_of (seen_as p op o).
Proof.
  intros p op [own | program | own]; try reflexivity. unfold class_in.
  change (tells (compile hash k a p)) with (tells_modified p). cbn [class_of seen_as].
  now destruct (has_row _ _ ModifiedClass).
Qed.

(** Conditions that do not ask for it hold for a modified mapping where they hold for the file. *)
Lemma holds_untold : forall own conds,
  existsb asks_whether_modified conds = false ->
  forallb (holds k (ModifiedMapping own)) conds = forallb (holds k (File own)) conds.
Proof.
  intros own conds. induction conds as [| new rest IH]; intro H; [reflexivity |].
  cbn [existsb] in H. apply orb_false_iff in H as [H1 H2]. cbn [forallb].
  rewrite (IH H2). destruct new; [reflexivity | reflexivity | reflexivity | discriminate].
Qed.

Lemma seen_as_matches : forall p op o r,
  Forall well_formed_rule (rules p) -> In r (rules p) ->
  matches k op (seen_as p op o) r = matches k op o r.
Proof.
  intros p op [own | program | own] r Hwell Hin; try reflexivity. cbn [seen_as].
  destruct (has_row (tells_modified p) op ModifiedClass) eqn:E; [reflexivity |].
  unfold matches.
  destruct (same_operation (rule_operation r) op) eqn:Ho; [cbn [andb] | reflexivity].
  symmetry. apply holds_untold.
  cbn [has_row] in E. apply andb_false_iff in E as [E | E].
  - unfold tells_modified in E. destruct (existsb asks_whether_modified (conditions r)) eqn:A; auto.
    enough (existsb (fun r => existsb asks_whether_modified (conditions r)) (rules p) = true)
      by congruence.
    apply existsb_exists. exists r. now split.
  - rewrite Forall_forall in Hwell. destruct (Hwell _ Hin) as (_ & _ & [H | H]); auto.
    apply same_operation_iff in Ho. rewrite <- Ho, H in E. discriminate.
Qed.

Lemma find_same : forall (P Q : rule -> bool) rs,
  (forall r, In r rs -> P r = Q r) -> find P rs = find Q rs.
Proof.
  intros P Q rs. induction rs as [| r rs IH]; intro H; [reflexivity |].
  cbn [find]. rewrite (H r) by now left. destruct (Q r); [reflexivity |].
  apply IH. intros other Hin. apply H. now right.
Qed.

(** * The theorems *)

(** A policy that does not say [modified] cannot tell a modified mapping from the file. *)
Theorem modified_where_told : forall p op own,
  tells_modified p = false ->
  meaning k p op (ModifiedMapping own) = meaning k p op (File own).
Proof.
  intros p [op |] own H; [| reflexivity]. cbn [meaning].
  rewrite (find_same _ (matches k op (File own))); [reflexivity |].
  intros r Hin. unfold matches. f_equal. apply holds_untold.
  destruct (existsb asks_whether_modified (conditions r)) eqn:A; [| reflexivity].
  rewrite <- H. symmetry. apply existsb_exists. exists r. now split.
Qed.

(** A compiled policy decides as the language says. [may_have_fsverity] is what the kernel says
    before the fs-verity digest is asked for: it must not be [false] for a file that has one. *)
Theorem compiled_decides : forall p op o may_have_fsverity,
  well_formed p -> real_object a o ->
  (may_have_fsverity = false -> fsverity_digest (properties_of o) = None) ->
  evaluate hash (compile hash k a p) op o may_have_fsverity = meaning k p op o.
Proof.
  intros p op o may [Horder Hwell] Hreal Hmay. unfold evaluate. cbv zeta.
  destruct op as [op |].
  2: { cbn [decide run]. change (unknown (compile hash k a p)) with
         (outcome_of at_global_default
           match global_default p with Some act => act | None => Deny end).
       now rewrite verdict_of_outcome. }
  rewrite seen_as_class. rewrite <- (seen_as_properties p op o) in Hmay |- *.
  assert (Hseen : real_object a (seen_as p op o))
    by (unfold real_object; now rewrite seen_as_properties).
  cbn [decide meaning]. rewrite decision_first by auto.
  rewrite first_rule by (auto using seen_as_row).
  rewrite (find_same _ _ _ (fun r => seen_as_matches p op o r Hwell)).
  destruct (find (matches k op o) (rules p)) as [r |] eqn:F.
  - apply find_some in F as [Hin _].
    assert (Hoffset : offset r < first_default_offset).
    { clear - Horder Hin. induction (rules p) as [| r' rs IH]; [easy |].
      destruct Horder as (H1 & _ & H2). destruct Hin as [<- | Hin]; auto. }
    destruct (rule_below_defaults (offset r) (rule_action r) Hoffset) as [Ho Hg].
    replace (N.min _ _) with (outcome_of (offset r) (rule_action r)).
    + rewrite verdict_of_outcome.
      destruct (N.eqb_spec (offset r) at_global_default) as [E | _].
      { rewrite E in Hoffset. vm_compute in Hoffset. discriminate. }
      destruct (N.eqb_spec (offset r) at_operation_default) as [E | _].
      { rewrite E in Hoffset. vm_compute in Hoffset. discriminate. }
      reflexivity.
    + symmetry. apply N.min_r. unfold default_outcome.
      destruct (operation_default p op) as [act |]; apply N.lt_le_incl; auto.
  - rewrite N.min_l by apply default_outcome_at_most_none.
    unfold default_outcome, by_default, by_global_default.
    destruct (operation_default p op) as [act |]; now rewrite verdict_of_outcome.
Qed.

(** The compiled policy knows which operations the policy names. *)
Theorem compiled_names : forall p op,
  named_operations (compile hash k a p) op = names p op.
Proof. reflexivity. Qed.

End Proofs.

(** * What follows from the meaning alone *)

Definition with_rule_at_end (p : policy) (r : rule) : policy := {|
  rules := rules p ++ [r];
  operation_default := operation_default p;
  global_default := global_default p
|}.

(** A rule that is added at the end decides only where no rule decided before. *)
Theorem rule_at_end : forall k p r op o,
  meaning k (with_rule_at_end p r) (Some op) o =
  match meaning k p (Some op) o with
  | (act, Rule at_offset) => (act, Rule at_offset)
  | by_default =>
      if matches k op o r then (rule_action r, Rule (offset r)) else by_default
  end.
Proof.
  intros k p r op o. cbn [meaning with_rule_at_end rules]. rewrite find_app.
  destruct (find (matches k op o) (rules p)) as [r' |]; auto.
  cbn [find]. unfold by_default, by_global_default.
  cbn [with_rule_at_end operation_default global_default].
  destruct (matches k op o r), (operation_default p op); auto.
Qed.
