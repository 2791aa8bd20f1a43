(* SPDX-License-Identifier: GPL-2.0-only *)

(** The pass over the rules: a row and its entries together know the first rule that matches. *)

From Coq Require Import Bool Btauto List NArith Arith Lia.
From Ipe Require Import Meaning Compiled Basics IndexCorrect ConditionsCorrect.
Import ListNotations.
Open Scope N_scope.

(** A rule in one row: what it wants and its outcome. *)
Definition item := (wanting * outcome)%type.

(** The outcome of the first item that has a property, [none] if no item has it. *)
Definition first (has_it : item -> bool) (l : list item) : outcome :=
  match find has_it l with Some (_, o) => o | None => none end.

(** Outcomes grow from rule to rule. *)
Fixpoint ascending (l : list item) : Prop :=
  match l with
  | [] => True
  | x :: rest => Forall (fun y => snd x < snd y) rest /\ snd x < none /\ ascending rest
  end.

Lemma ascending_app : forall l x,
  ascending (l ++ [x]) <-> ascending l /\ Forall (fun y => snd y < snd x) l /\ snd x < none.
Proof.
  induction l as [| y l IH]; intro x; simpl.
  - intuition.
  - rewrite IH, Forall_app. split.
    + intros ((H1 & H2) & H3 & H4 & H5 & H6). inversion_clear H2. intuition.
    + intros ((H1 & H2 & H3) & H4 & H5). inversion_clear H4. intuition.
Qed.

Lemma first_at_least : forall (P : item -> bool) (l : list item) bound,
  bound <= none -> (forall x, In x l -> P x = true -> bound <= snd x) -> bound <= first P l.
Proof.
  intros P l bound Hn H. unfold first.
  destruct (find P l) as [[w o] |] eqn:F; auto.
  apply find_some in F as [Hin Hp]. exact (H _ Hin Hp).
Qed.

Lemma first_at_most_none : forall (P : item -> bool) (l : list item), ascending l -> first P l <= none.
Proof.
  intros P l H. unfold first. destruct (find P l) as [[w o] |] eqn:F; [| lia].
  apply find_some in F as [Hin _].
  induction l as [| x l IH]; [easy |].
  destruct H as (_ & H2 & H3), Hin as [-> | Hin]; auto. simpl in H2. lia.
Qed.

(** The smaller of two first outcomes is the first of both. *)
Lemma min_first : forall (P Q : item -> bool) (l : list item),
  ascending l -> N.min (first P l) (first Q l) = first (fun x => P x || Q x) l.
Proof.
  intros P Q l H. induction l as [| x l IH]; [reflexivity |].
  destruct H as (H1 & H2 & H3). specialize (IH H3).
  assert (Hlater : forall R, snd x < first R l).
  { intro R. unfold first. destruct (find R l) as [[w o] |] eqn:F; auto.
    apply find_some in F as [Hin _]. rewrite Forall_forall in H1. exact (H1 _ Hin). }
  unfold first in *. simpl. destruct x as [w o]. simpl in *.
  pose proof (Hlater P). pose proof (Hlater Q).
  destruct (P (w, o)), (Q (w, o)); simpl; auto; lia.
Qed.

Lemma first_ext : forall (P Q : item -> bool) (l : list item), (forall x, P x = Q x) -> first P l = first Q l.
Proof. intros P Q l H. unfold first. now rewrite (find_ext_list P Q l). Qed.

Lemma first_nothing : forall (l : list item), first (fun _ => false) l = none.
Proof. intro l. unfold first. now induction l. Qed.

Section Proofs.

Variable k : kernel.
Variable a : algorithms.

(** * Matching digest for digest *)

Definition same_optional (x y : option digest) : bool :=
  match x, y with
  | None, None => true
  | Some x, Some y => same_digest x y
  | _, _ => false
  end.

Lemma same_optional_iff : forall x y, same_optional x y = true <-> x = y.
Proof.
  intros [x |] [y |]; simpl; split; try congruence; auto.
  - intro H. apply same_digest_iff in H. congruence.
  - intro H. injection H as ->. apply same_digest_refl.
Qed.

(** Whether an item wants exactly these digests. *)
Definition exactly (c : N) (fsv dmv : option digest) (x : item) : bool :=
  N.testbit (combinations (fst x)) c && same_optional (fsverity (fst x)) fsv &&
  existsb (fun wanted => same_optional wanted dmv) (root_hashes k (fst x)).

Definition accepted (c : N) (fsv dmv : option digest) (x : item) : bool :=
  accepts k c fsv dmv (fst x).

(** An item accepts an object if it wants exactly some of its digests. *)
Lemma accepted_exactly : forall c fsv dmv x,
  accepted c fsv dmv x =
  exactly c None None x || is_some fsv && exactly c fsv None x ||
  is_some dmv && exactly c None dmv x || is_some fsv && is_some dmv && exactly c fsv dmv x.
Proof.
  intros c fsv dmv [w o]. unfold accepted, accepts, exactly. cbn [fst].
  assert (H : existsb
      (fun wanted => match wanted with Some d => is_digest d dmv | None => true end)
      (root_hashes k w) =
    existsb (fun wanted => same_optional wanted None) (root_hashes k w) ||
    is_some dmv && existsb (fun wanted => same_optional wanted dmv) (root_hashes k w)).
  { induction (root_hashes k w) as [| [d |] l IH]; simpl.
    - btauto.
    - rewrite IH. destruct dmv as [found |]; simpl; btauto.
    - btauto. }
  rewrite H. clear H.
  destruct (fsverity w) as [d |], fsv as [found |]; simpl; btauto.
Qed.

Lemma no_digest_wants : forall w,
  has_digest w = false -> fsverity w = None /\ root_hashes k w = [None].
Proof.
  intros w H. unfold has_digest, root_hashes in *.
  destruct (fsverity w), (dmverity w), (from_parameter w); auto; discriminate.
Qed.

Lemma digest_wants_other : forall c w o,
  has_digest w = true -> exactly c None None (w, o) = false.
Proof.
  intros c w o H. unfold exactly, has_digest, root_hashes in *. cbn [fst].
  destruct (fsverity w); simpl; [btauto |].
  destruct (from_parameter w) as [parameter |].
  - destruct (named k parameter) as [l |]; simpl; [| btauto].
    rewrite existsb_map. simpl.
    replace (existsb (fun _ => false) l) with false by now induction l. btauto.
  - destruct (dmverity w); simpl in *; [btauto | discriminate].
Qed.

(** * Rules that can still decide *)

(** An item without the combinations that earlier items without a digest decide. *)
Definition reduce_step (state : list item * N) (x : item) : list item * N :=
  let (reduced, dec) := state in
  let (w, o) := x in
  let left_over := N.ldiff (combinations w) dec in
  if left_over =? 0 then (reduced, dec)
  else (reduced ++ [(with_combinations w left_over, o)],
        if has_digest w then dec else N.lor dec left_over).

Definition reduce (l : list item) : list item * N := fold_left reduce_step l ([], 0).

Lemma reduce_app : forall l x, reduce (l ++ [x]) = reduce_step (reduce l) x.
Proof. intros. unfold reduce. now rewrite fold_left_app. Qed.

Definition undigested (c : N) (x : item) : bool :=
  negb (has_digest (fst x)) && N.testbit (combinations (fst x)) c.

Lemma undigested_accepted : forall c fsv dmv x,
  undigested c x = true -> accepted c fsv dmv x = true.
Proof.
  intros c fsv dmv [w o] H. unfold undigested in H. cbn [fst] in H.
  apply andb_true_iff in H as [H1 H2]. apply negb_true_iff in H1.
  apply no_digest_wants in H1 as [Hf Hr].
  unfold accepted, accepts. cbn [fst]. now rewrite H2, Hf, Hr.
Qed.

Lemma undigested_exactly : forall c x, undigested c x = exactly c None None x.
Proof.
  intros c [w o]. unfold undigested. cbn [fst].
  destruct (has_digest w) eqn:H.
  - now rewrite digest_wants_other.
  - destruct (no_digest_wants w H) as [Hf Hr].
    unfold exactly. cbn [fst]. rewrite Hf, Hr. simpl. btauto.
Qed.

Lemma reduce_decided : forall l c,
  N.testbit (snd (reduce l)) c = existsb (undigested c) (fst (reduce l)).
Proof.
  intros l c. induction l as [| x l IH] using rev_ind.
  - apply N.bits_0.
  - rewrite reduce_app. destruct (reduce l) as [reduced dec]. simpl in IH.
    destruct x as [w o]. unfold reduce_step.
    destruct (N.ldiff (combinations w) dec =? 0); auto.
    cbn [fst snd]. rewrite existsb_app, <- IH. unfold undigested. simpl.
    change (has_digest (with_combinations w (N.ldiff (combinations w) dec))) with (has_digest w).
    destruct (has_digest w); rewrite ?N.lor_spec; simpl; btauto.
Qed.


(** The first item that accepts an object is the same with and without reduction. *)
Lemma reduce_first : forall l c fsv dmv,
  first (accepted c fsv dmv) (fst (reduce l)) = first (accepted c fsv dmv) l.
Proof.
  intros l c fsv dmv. unfold first.
  enough (H : option_map snd (find (accepted c fsv dmv) (fst (reduce l))) =
    option_map snd (find (accepted c fsv dmv) l)).
  { destruct (find _ (fst (reduce l))) as [[w o] |], (find _ l) as [[w' o'] |];
      simpl in H; congruence. }
  induction l as [| x l IH] using rev_ind; auto.
  pose proof (reduce_decided l c) as Hd.
  rewrite reduce_app, (find_app _ l).
  destruct (reduce l) as [reduced dec]. cbn [fst snd] in *.
  destruct (find (accepted c fsv dmv) l) as [earlier |].
  - (* An earlier item decides. *)
    destruct x as [w o]. unfold reduce_step.
    destruct (_ =? 0); auto. cbn [fst]. rewrite find_app.
    destruct (find (accepted c fsv dmv) reduced); [auto | discriminate].
  - (* No earlier item accepts the object, so nothing has decided its combination. *)
    destruct (find (accepted c fsv dmv) reduced) as [other |] eqn:F; [discriminate |].
    assert (Hc : N.testbit dec c = false).
    { rewrite Hd. destruct (existsb (undigested c) reduced) eqn:E; auto.
      apply existsb_exists in E as (y & Hin & Hy).
      apply undigested_accepted with (fsv := fsv) (dmv := dmv) in Hy.
      rewrite (find_none _ _ F _ Hin) in Hy. discriminate. }
    destruct x as [w o]. unfold reduce_step.
    assert (Hsame : accepted c fsv dmv
        (with_combinations w (N.ldiff (combinations w) dec), o) = accepted c fsv dmv (w, o)).
    { unfold accepted, accepts. cbn [fst with_combinations combinations fsverity].
      change (root_hashes k (with_combinations w (N.ldiff (combinations w) dec)))
        with (root_hashes k w).
      now rewrite ldiff_testbit, Hc, andb_true_r. }
    destruct (N.eqb_spec (N.ldiff (combinations w) dec) 0) as [Hz | Hz].
    + cbn [fst]. rewrite F.
      assert (Hno : accepted c fsv dmv (w, o) = false).
      { rewrite <- Hsame, Hz. unfold accepted, accepts. cbn [fst with_combinations combinations].
        now rewrite N.bits_0. }
      cbn [find]. now rewrite Hno.
    + cbn [fst]. rewrite find_app, F. cbn [find]. rewrite Hsame.
      destruct (accepted c fsv dmv (w, o)); auto.
Qed.

Lemma reduce_in : forall l x,
  In x (fst (reduce l)) ->
  exists w, In (w, snd x) l /\ fsverity (fst x) = fsverity w /\
    root_hashes k (fst x) = root_hashes k w.
Proof.
  induction l as [| y l IH] using rev_ind; intros x H; [easy |].
  rewrite reduce_app in H. destruct (reduce l) as [reduced dec]. cbn [fst] in IH.
  destruct y as [w o]. unfold reduce_step in H.
  assert (Hold : In x reduced -> exists w', In (w', snd x) (l ++ [(w, o)]) /\
      fsverity (fst x) = fsverity w' /\ root_hashes k (fst x) = root_hashes k w').
  { intro Hin. destruct (IH x Hin) as (w' & H1 & H2).
    exists w'. split; auto. apply in_or_app. auto. }
  destruct (_ =? 0); cbn [fst] in H; auto.
  apply in_app_or in H as [H | [<- | []]]; auto.
  exists w. cbn [fst snd]. split; auto. apply in_or_app. right. now left.
Qed.

Lemma reduce_ascending : forall l, ascending l -> ascending (fst (reduce l)).
Proof.
  intros l. induction l as [| y l IH] using rev_ind; intro H; [exact I |].
  apply ascending_app in H as (H1 & H2 & H3). specialize (IH H1).
  pose proof (reduce_in l) as Hin.
  rewrite reduce_app. destruct (reduce l) as [reduced dec]. cbn [fst] in *.
  destruct y as [w o]. unfold reduce_step.
  destruct (_ =? 0); auto. cbn [fst].
  apply ascending_app. split; [| split]; auto.
  apply Forall_forall. intros x Hx. destruct (Hin x Hx) as (w' & Hl & _).
  rewrite Forall_forall in H2. exact (H2 _ Hl).
Qed.

(** * Keys *)

(** The number of an algorithm fits into its part of a key. *)
Definition small (d : option digest) : Prop :=
  match d with Some d => algorithm d < 31 | None => True end.

Lemma operation_number_small : forall op, operation_number op < 16.
Proof. destruct op; reflexivity. Qed.

Lemma class_number_small : forall cl, class_number cl < 4.
Proof. destruct cl; reflexivity. Qed.

Lemma operation_number_injective : forall x y, operation_number x = operation_number y -> x = y.
Proof. destruct x, y; simpl; congruence. Qed.

Lemma class_number_injective : forall x y, class_number x = class_number y -> x = y.
Proof. destruct x, y; simpl; congruence. Qed.

(** Keys differ where rows or algorithms differ. *)
Lemma key_of_injective : forall name fsv dmv name' fsv' dmv',
  small fsv -> small dmv -> small fsv' -> small dmv' ->
  key_of name fsv dmv = key_of name' fsv' dmv' ->
  name = name' /\
  option_map algorithm fsv = option_map algorithm fsv' /\
  option_map algorithm dmv = option_map algorithm dmv'.
Proof.
  intros [op cl] fsv dmv [op' cl'] fsv' dmv' Hf Hd Hf' Hd' H.
  unfold key_of in H. cbn [fst snd] in H.
  change (2 ^ 8) with 256 in H. change (2 ^ 10) with 1024 in H.
  change (2 ^ 14) with 16384 in H. change (2 ^ 19) with 524288 in H.
  pose proof (operation_number_small op). pose proof (operation_number_small op').
  pose proof (class_number_small cl). pose proof (class_number_small cl').
  assert (class_number cl = class_number cl' /\ operation_number op = operation_number op' /\
    match fsv with Some d => algorithm d + 1 | None => 0 end =
      match fsv' with Some d => algorithm d + 1 | None => 0 end /\
    match dmv with Some d => algorithm d + 1 | None => 0 end =
      match dmv' with Some d => algorithm d + 1 | None => 0 end) as (E1 & E2 & E3 & E4).
  { assert (Hcode : forall d, small d ->
        match d with Some d => algorithm d + 1 | None => 0 end < 32).
    { intros [d |] Hs; simpl in *; lia. }
    apply Hcode in Hf, Hd, Hf', Hd'. clear Hcode.
    generalize dependent (match fsv with Some d => algorithm d + 1 | None => 0 end).
    generalize dependent (match fsv' with Some d => algorithm d + 1 | None => 0 end).
    generalize dependent (match dmv with Some d => algorithm d + 1 | None => 0 end).
    generalize dependent (match dmv' with Some d => algorithm d + 1 | None => 0 end).
    intros. lia. }
  apply class_number_injective in E1. apply operation_number_injective in E2. subst.
  split; auto.
  split.
  - destruct fsv, fsv'; simpl; auto; try (f_equal; lia); lia.
  - destruct dmv, dmv'; simpl; auto; try (f_equal; lia); lia.
Qed.

Lemma digest_parts : forall x y,
  option_map algorithm x = option_map algorithm y -> bytes_of x = bytes_of y -> x = y.
Proof.
  intros [[ax bx] |] [[ay by_] |]; simpl; intros H1 H2; congruence.
Qed.

(** The question of a decision to the index. *)
Definition question_about (name : row_name) (c : N) (fsv dmv : option digest) : question := {|
  wanted_key := key_of name fsv dmv;
  wanted_combination := c;
  wanted_fsverity := bytes_of fsv;
  wanted_dmverity := bytes_of dmv
|}.

Lemma hit_new_entry : forall name name' c fsv dmv w set o wanted,
  small fsv -> small dmv -> small (fsverity w) -> small wanted ->
  hit (question_about name c fsv dmv) (new_entry name' w set o wanted) =
  same_row name' name && N.testbit set c && same_optional (fsverity w) fsv &&
  same_optional wanted dmv.
Proof.
  intros name name' c fsv dmv w set o wanted Hf Hd Hw Hwanted.
  apply eq_true_iff_eq. rewrite hit_iff.
  cbn [new_entry question_about key entry_combinations entry_fsverity entry_dmverity
    wanted_key wanted_combination wanted_fsverity wanted_dmverity].
  rewrite !andb_true_iff, same_row_iff, !same_optional_iff.
  split.
  - intros (H1 & H2 & H3 & H4).
    apply key_of_injective in H1 as (-> & Ha & Hb); auto.
    repeat split; auto using digest_parts.
  - intros (((-> & H2) & ->) & ->). auto.
Qed.

(** * The state of a pass *)

(** The digests that a rule wants are those of algorithms that there are. *)
Definition wants_small (w : wanting) : Prop :=
  small (fsverity w) /\ forall wanted, In wanted (root_hashes k w) -> small wanted.

(** The knowledge of a row about its rules. *)
Record row_knows (s : pass) (name : row_name) (l : list item) : Prop := {
  knows_decided : decided s name = snd (reduce l);
  knows_slots : forall c,
    slots (rows s name) c = first (exactly c None None) (fst (reduce l));
  knows_any : any_fsverity (rows s name) =
    N.min (first_fsverity (rows s name)) (first_both (rows s name));
  (* No rule that names digests comes before the first one that the row knows of. *)
  knows_fsverity : forall x fsv, In x (fst (reduce l)) ->
    fsverity (fst x) = Some fsv -> In None (root_hashes k (fst x)) ->
    first_fsverity (rows s name) <= snd x;
  knows_dmverity : forall x dmv, In x (fst (reduce l)) ->
    fsverity (fst x) = None -> In (Some dmv) (root_hashes k (fst x)) ->
    first_dmverity (rows s name) <= snd x;
  knows_both : forall x fsv dmv, In x (fst (reduce l)) ->
    fsverity (fst x) = Some fsv -> In (Some dmv) (root_hashes k (fst x)) ->
    first_both (rows s name) <= snd x;
  (* And if it knows of one, there is one. *)
  knows_small : first_fsverity (rows s name) <= none /\
    first_dmverity (rows s name) <= none /\ first_both (rows s name) <= none;
  knows_named_fsverity : any_fsverity (rows s name) < none ->
    exists x fsv, In x l /\ fsverity (fst x) = Some fsv;
  knows_named_dmverity :
    first_dmverity (rows s name) < none \/ first_both (rows s name) < none ->
    exists x dmv, In x l /\ In (Some dmv) (root_hashes k (fst x));
  knows_entries : forall c fsv dmv,
    small fsv -> small dmv -> is_some fsv || is_some dmv = true ->
    answer (question_about name c fsv dmv) (entries s) =
    option_map snd (find (exactly c fsv dmv) (fst (reduce l)))
}.

Lemma before_knows : forall name, row_knows before name [].
Proof.
  intro name. split; simpl; auto; try easy; try lia.
Qed.

(** The effect of noting root hashes on the first outcomes of a row. *)
Lemma fold_note : forall w o l r,
  let r' := fold_left (note w o) l r in
  slots r' = slots r /\
  first_fsverity r' =
    (if is_some (fsverity w) && existsb (fun d => negb (is_some d)) l
     then N.min o (first_fsverity r) else first_fsverity r) /\
  first_both r' =
    (if is_some (fsverity w) && existsb is_some l
     then N.min o (first_both r) else first_both r) /\
  first_dmverity r' =
    (if negb (is_some (fsverity w)) && negb (Nat.eqb (length l) 0)
     then N.min o (first_dmverity r) else first_dmverity r).
Proof.
  intros w o. induction l as [| d l IH]; intro r.
  - simpl. rewrite !andb_false_r. auto.
  - specialize (IH (note w o r d)). cbn [fold_left]. cbv zeta in *.
    destruct IH as (H1 & H2 & H3 & H4). rewrite H1, H2, H3, H4.
    unfold note.
    assert (Hmin : forall b : bool, forall x, (if b then N.min o (N.min o x) else N.min o x) =
        N.min o x).
    { intros [] x; auto. now rewrite N.min_assoc, N.min_id. }
    destruct (fsverity w), d;
      cbn [is_some negb existsb length Nat.eqb orb andb slots first_fsverity first_dmverity
        first_both];
      repeat split; rewrite ?Hmin; auto.
Qed.

Lemma answer_app : forall q es es',
  answer q (es ++ es') = match answer q es with Some o => Some o | None => answer q es' end.
Proof. intros. unfold answer. rewrite find_app. now destruct (find (hit q) es). Qed.

Lemma answer_new_entries : forall name name' c fsv dmv w set o,
  small fsv -> small dmv -> wants_small w ->
  answer (question_about name c fsv dmv) (map (new_entry name' w set o) (root_hashes k w)) =
  if same_row name' name && N.testbit set c && same_optional (fsverity w) fsv &&
     existsb (fun wanted => same_optional wanted dmv) (root_hashes k w)
  then Some o else None.
Proof.
  intros name name' c fsv dmv w set o Hf Hd [Hw Hr]. unfold answer.
  induction (root_hashes k w) as [| wanted l IH]; cbn [map find existsb].
  - now rewrite andb_false_r.
  - rewrite hit_new_entry by (auto; apply Hr; now left).
    assert (Hrest : forall other, In other l -> small other) by (intros; apply Hr; now right).
    specialize (IH Hrest). revert IH.
    destruct (same_row name' name), (N.testbit set c), (same_optional (fsverity w) fsv),
      (same_optional wanted dmv); cbn [andb orb option_map]; auto.
Qed.

Lemma row_knows_same : forall s s' name l,
  row_knows s name l ->
  rows s' name = rows s name -> decided s' name = decided s name ->
  (forall c fsv dmv, small fsv -> small dmv ->
    answer (question_about name c fsv dmv) (entries s') =
    answer (question_about name c fsv dmv) (entries s)) ->
  row_knows s' name l.
Proof.
  intros s s' name l [] Hr Hd He. split; rewrite ?Hr, ?Hd; auto.
  intros. rewrite He by auto. auto.
Qed.

Lemma digest_root_hashes : forall w wanted,
  has_digest w = true -> fsverity w = None -> In wanted (root_hashes k w) -> is_some wanted = true.
Proof.
  intros w wanted H Hf Hin. unfold has_digest, root_hashes in *. rewrite Hf in H.
  destruct (from_parameter w) as [parameter |].
  - destruct (named k parameter); [| easy].
    apply in_map_iff in Hin as (d & <- & _). auto.
  - destruct Hin as [<- | []]. destruct (dmverity w); auto.
Qed.

(** A rule that is added changes its own row only. *)
Lemma other_row_knows : forall s name w o other l,
  wants_small w -> same_row name other = false ->
  row_knows s other l -> row_knows (add_to_row k s name w o) other l.
Proof.
  intros s name w o other l Hw Hne H. unfold add_to_row.
  destruct (_ =? 0); auto.
  destruct (negb (has_digest w)); (apply row_knows_same with (s := s); [exact H | ..]);
    cbn [rows decided entries]; unfold update; rewrite ?Hne; auto.
  intros. rewrite answer_app, answer_new_entries by auto. rewrite Hne. simpl.
  now destruct (answer _ _).
Qed.

(** A rule that has no combination left changes nothing. *)
Lemma useless_rule_known : forall s name w o l,
  row_knows s name l -> N.ldiff (combinations w) (decided s name) = 0 ->
  row_knows s name (l ++ [(w, o)]).
Proof.
  intros s name w o l H Hz.
  assert (Hsame : reduce (l ++ [(w, o)]) = reduce l).
  { rewrite reduce_app, (surjective_pairing (reduce l)).
    unfold reduce_step. rewrite <- (knows_decided _ _ _ H), Hz. reflexivity. }
  destruct H. split; rewrite ?Hsame; auto.
  - intro Hn. destruct (knows_named_fsverity0 Hn) as (x & fsv & Hx & Hf).
    exists x, fsv. split; auto. apply in_or_app. auto.
  - intro Hn. destruct (knows_named_dmverity0 Hn) as (x & dmv & Hx & Hf).
    exists x, dmv. split; auto. apply in_or_app. auto.
Qed.

Lemma reduce_more : forall s name w o l,
  row_knows s name l ->
  let left_over := N.ldiff (combinations w) (decided s name) in
  left_over <> 0 ->
  fst (reduce (l ++ [(w, o)])) = fst (reduce l) ++ [(with_combinations w left_over, o)] /\
  snd (reduce (l ++ [(w, o)])) =
    if has_digest w then decided s name else N.lor (decided s name) left_over.
Proof.
  intros s name w o l H left_over Hz. unfold left_over in *.
  rewrite reduce_app, (surjective_pairing (reduce l)). unfold reduce_step.
  rewrite <- (knows_decided _ _ _ H).
  destruct (N.eqb_spec (N.ldiff (combinations w) (decided s name)) 0); [contradiction | auto].
Qed.

(** A combination that is left has not been decided. *)
Lemma left_over_free : forall s name w l c,
  row_knows s name l ->
  N.testbit (N.ldiff (combinations w) (decided s name)) c = true ->
  find (exactly c None None) (fst (reduce l)) = None.
Proof.
  intros s name w l c H Hc.
  rewrite ldiff_testbit, (knows_decided _ _ _ H), reduce_decided in Hc.
  apply andb_true_iff in Hc as [_ Hc]. apply negb_true_iff in Hc.
  destruct (find (exactly c None None) (fst (reduce l))) as [x |] eqn:F; auto.
  apply find_some in F as [Hin Hx]. rewrite <- undigested_exactly in Hx.
  enough (existsb (undigested c) (fst (reduce l)) = true) by congruence.
  apply existsb_exists. eauto.
Qed.

(** A rule without a digest fills slots. *)
Lemma plain_rule_known : forall s name w o l,
  row_knows s name l -> has_digest w = false ->
  row_knows (add_to_row k s name w o) name (l ++ [(w, o)]).
Proof.
  intros s name w o l H Hw.
  destruct (N.eqb_spec (N.ldiff (combinations w) (decided s name)) 0) as [Hz | Hz].
  { unfold add_to_row. rewrite Hz. now apply useless_rule_known. }
  destruct (reduce_more s name w o l H Hz) as [Hfst Hsnd].
  pose proof (left_over_free s name w l) as Hfree.
  destruct (no_digest_wants w Hw) as [Hf Hr].
  unfold add_to_row. apply N.eqb_neq in Hz. rewrite Hz, Hw. cbn [negb].
  assert (Hself : same_row name name = true) by now apply same_row_iff.
  destruct H. rewrite Hw in Hsnd.
  split; cbn [rows decided entries]; unfold update; rewrite ?Hself; rewrite ?Hfst, ?Hsnd;
    cbn [slots first_fsverity first_dmverity first_both any_fsverity]; auto.
  - intro c. unfold first. rewrite find_app.
    destruct (N.testbit (N.ldiff (combinations w) (decided s name)) c) eqn:Hc.
    + rewrite (Hfree c) by (auto; now split).
      cbn [find]. unfold exactly. cbn [fst with_combinations combinations fsverity].
      change (root_hashes k (with_combinations w _)) with (root_hashes k w).
      rewrite Hc, Hf, Hr. reflexivity.
    + rewrite knows_slots0. unfold first.
      destruct (find (exactly c None None) (fst (reduce l))) as [[w' o'] |]; auto.
      cbn [find]. unfold exactly. cbn [fst with_combinations combinations].
      now rewrite Hc.
  - intros x fsv Hin Hx Hroots. apply in_app_or in Hin as [Hin | [<- | []]]; eauto.
    cbn [fst with_combinations fsverity] in Hx. congruence.
  - intros x dmv Hin Hx Hroots. apply in_app_or in Hin as [Hin | [<- | []]]; eauto.
    change (In (Some dmv) (root_hashes k w)) in Hroots. rewrite Hr in Hroots.
    destruct Hroots as [Hroots | []]. discriminate.
  - intros x fsv dmv Hin Hx Hroots. apply in_app_or in Hin as [Hin | [<- | []]]; eauto.
    cbn [fst with_combinations fsverity] in Hx. congruence.
  - intro Hn. destruct (knows_named_fsverity0 Hn) as (x & fsv & Hx & Hfsv).
    exists x, fsv. split; auto. apply in_or_app. auto.
  - intro Hn. destruct (knows_named_dmverity0 Hn) as (x & dmv & Hx & Hdmv).
    exists x, dmv. split; auto. apply in_or_app. auto.
  - intros c fsv dmv Hsf Hsd Hsome. rewrite knows_entries0 by auto.
    rewrite find_app. destruct (find (exactly c fsv dmv) (fst (reduce l))); auto.
    cbn [find]. unfold exactly. cbn [fst with_combinations combinations fsverity].
    change (root_hashes k (with_combinations w _)) with (root_hashes k w).
    rewrite Hf, Hr. destruct fsv, dmv; try discriminate; simpl; now rewrite ?andb_false_r.
Qed.

(** A rule that names digests gets entries. *)
Lemma digest_rule_known : forall s name w o l,
  row_knows s name l -> wants_small w -> has_digest w = true ->
  row_knows (add_to_row k s name w o) name (l ++ [(w, o)]).
Proof.
  intros s name w o l H Hsmall Hw.
  destruct (N.eqb_spec (N.ldiff (combinations w) (decided s name)) 0) as [Hz | Hz].
  { unfold add_to_row. rewrite Hz. now apply useless_rule_known. }
  destruct (reduce_more s name w o l H Hz) as [Hfst Hsnd].
  unfold add_to_row. apply N.eqb_neq in Hz. rewrite Hz, Hw. cbn [negb].
  assert (Hself : same_row name name = true) by now apply same_row_iff.
  destruct (fold_note w o (root_hashes k w) (rows s name)) as (Nslots & Nf & Nb & Nd).
  destruct H. rewrite Hw in Hsnd.
  destruct knows_small0 as (Sf & Sd & Sb).
  split; cbn [rows decided entries]; unfold update; rewrite ?Hself; rewrite ?Hfst, ?Hsnd;
    unfold note_any;
    cbn [slots first_fsverity first_dmverity first_both any_fsverity];
    rewrite ?Nslots, ?Nf, ?Nb, ?Nd; auto.
  - intro c. rewrite knows_slots0. unfold first. rewrite find_app.
    destruct (find (exactly c None None) (fst (reduce l))) as [[w' o'] |]; auto.
    cbn [find]. rewrite digest_wants_other; auto.
  - intros x fsv Hin Hx Hroots. apply in_app_or in Hin as [Hin | [<- | []]].
    + apply min_if_below. eauto.
    + cbn [fst snd with_combinations fsverity] in *.
      change (In None (root_hashes k w)) in Hroots. rewrite Hx.
      assert (E : existsb (fun d : option digest => negb (is_some d)) (root_hashes k w) = true)
        by (apply existsb_exists; eauto).
      rewrite E. cbn [is_some andb]. lia.
  - intros x dmv Hin Hx Hroots. apply in_app_or in Hin as [Hin | [<- | []]].
    + apply min_if_below. eauto.
    + cbn [fst snd with_combinations fsverity] in *.
      change (In (Some dmv) (root_hashes k w)) in Hroots. rewrite Hx.
      destruct (root_hashes k w); [easy |]. cbn [length Nat.eqb negb is_some andb]. lia.
  - intros x fsv dmv Hin Hx Hroots. apply in_app_or in Hin as [Hin | [<- | []]].
    + apply min_if_below. eauto.
    + cbn [fst snd with_combinations fsverity] in *.
      change (In (Some dmv) (root_hashes k w)) in Hroots. rewrite Hx.
      assert (E : existsb is_some (root_hashes k w) = true)
        by (apply existsb_exists; exists (Some dmv); auto).
      rewrite E. cbn [is_some andb]. lia.
  - repeat split; now apply min_if_below.
  - intro Hn. destruct (fsverity w) as [fsv |] eqn:Hf.
    + exists (w, o), fsv. split; auto. apply in_or_app. right. now left.
    + cbn [is_some andb] in Hn. rewrite <- knows_any0 in Hn.
      destruct (knows_named_fsverity0 Hn) as (x & fsv & Hx & Hfsv).
      exists x, fsv. split; auto. apply in_or_app. auto.
  - intro Hn. destruct (existsb is_some (root_hashes k w)) eqn:E.
    + apply existsb_exists in E as ([dmv |] & Hin & Hd); [| discriminate].
      exists (w, o), dmv. split; auto. apply in_or_app. right. now left.
    + assert (Hold : first_dmverity (rows s name) < none \/ first_both (rows s name) < none).
      { rewrite andb_false_r in Hn.
        destruct (fsverity w) as [fsv |] eqn:Hf; [auto |].
        destruct (root_hashes k w) as [| d rest] eqn:Hr; [auto |].
        exfalso. pose proof (digest_root_hashes w d Hw Hf) as Hd. rewrite Hr in Hd.
        cbn [existsb] in E. rewrite Hd in E by now left. discriminate. }
      destruct (knows_named_dmverity0 Hold) as (x & dmv & Hx & Hdmv).
      exists x, dmv. split; auto. apply in_or_app. auto.
  - intros c fsv dmv Hsf Hsd Hsome.
    rewrite answer_app, answer_new_entries, knows_entries0, find_app by auto.
    destruct (find (exactly c fsv dmv) (fst (reduce l))); auto.
    cbn [find option_map]. unfold exactly. cbn [fst with_combinations combinations fsverity].
    change (root_hashes k (with_combinations w _)) with (root_hashes k w).
    rewrite Hself. cbn [andb].
    destruct (N.testbit _ c && _ && _); auto.
Qed.

Lemma add_to_row_knows : forall s logs name w o,
  (forall other, row_knows s other (logs other)) -> wants_small w ->
  forall other, row_knows (add_to_row k s name w o) other
    (if same_row name other then logs other ++ [(w, o)] else logs other).
Proof.
  intros s logs name w o H Hw other.
  destruct (same_row name other) eqn:E.
  - apply same_row_iff in E as <-.
    destruct (has_digest w) eqn:Hd; [apply digest_rule_known | apply plain_rule_known]; auto.
  - apply other_row_knows; auto.
Qed.

End Proofs.
