(* SPDX-License-Identifier: GPL-2.0-only *)

(** A lookup takes at most 128 steps, as long as the index has not run out of seeds. *)

From Coq Require Import Bool Btauto List NArith Arith Lia.
From Ipe Require Import Meaning Compiled Basics IndexCorrect AskedCorrect.
Import ListNotations.
Open Scope N_scope.

(** A filter before a filter leaves no more. *)
Lemma filter_twice_shorter : forall {A} (f g : A -> bool) l,
  (length (filter f (filter g l)) <= length (filter f l))%nat.
Proof.
  intros A f g. induction l as [| x l IH]; cbn [filter]; [lia |].
  destruct (g x), (f x) eqn:F; cbn [filter length]; rewrite ?F; cbn [length]; lia.
Qed.

Lemma filter_twice : forall {A} (f g : A -> bool) l,
  filter f (filter g l) = filter (fun x => g x && f x) l.
Proof.
  intros A f g. induction l as [| x l IH]; cbn [filter]; [reflexivity |].
  destruct (g x); cbn [filter andb]; rewrite IH; reflexivity.
Qed.

(** If each of some things belongs to one of a few others, and none of these has more than so many,
    then there are not more than that many for each. *)
Lemma counted : forall {A B} (belongs : A -> B -> bool) most (few : list B) (some : list A),
  (forall x, In x some -> existsb (belongs x) few = true) ->
  (forall y, In y few -> (length (filter (fun x => belongs x y) some) <= most)%nat) ->
  (length some <= most * length few)%nat.
Proof.
  intros A B belongs most. induction few as [| y few IH]; intros some H1 H2.
  - destruct some as [| x some]; [simpl; lia |]. discriminate (H1 x (or_introl eq_refl)).
  - rewrite <- (filter_length (fun x => belongs x y) some).
    assert (Hy := H2 y (or_introl eq_refl)).
    assert (Hrest : (length (filter (fun x => negb (belongs x y)) some) <= most * length few)%nat).
    { apply IH.
      - intros x Hx. apply filter_In in Hx as [Hin Hx]. specialize (H1 x Hin). cbn [existsb] in H1.
        apply negb_true_iff in Hx. now rewrite Hx in H1.
      - intros z Hz. transitivity (length (filter (fun x => belongs x z) some)).
        + apply filter_twice_shorter.
        + apply H2. now right. }
    cbn [length]. lia.
Qed.

Section Proofs.

Variable hash : hashing.

(** The keys of each chain are few. *)
Definition short (ix : index) : Prop :=
  forall head, (keys_in (in_chain hash ix head) <= max_keys)%nat.

Lemma in_chain_link : forall ix e first head,
  exists n, first_of_key n = first /\
  in_chain hash (link hash ix e first) head =
  if head =? chain_of_entry hash ix e then in_chain hash ix head ++ [n] else in_chain hash ix head.
Proof.
  intros ix e first head. eexists {| content := e; first_of_key := first;
    tag := tag_of (hash_of hash ix e); next := heads ix (chain_of_entry hash ix e) |}.
  split; [reflexivity |]. unfold in_chain, link. cbn [nodes].
  change (chain_of_entry hash {| nodes := _; heads := _; chains := chains ix;
    attempt := attempt ix |}) with (chain_of_entry hash ix).
  rewrite filter_app. cbn [filter content].
  rewrite (N.eqb_sym (chain_of_entry hash ix e) head).
  destruct (head =? chain_of_entry hash ix e); [reflexivity | apply app_nil_r].
Qed.

Lemma keys_in_app : forall l l', keys_in (l ++ l') = (keys_in l + keys_in l')%nat.
Proof. intros. unfold keys_in. now rewrite filter_app, length_app. Qed.

Lemma keys_in_rev : forall l, keys_in (rev l) = keys_in l.
Proof. intro l. unfold keys_in. now rewrite filter_rev, length_rev. Qed.

Lemma link_short : forall ix e first,
  short ix ->
  negb first || Nat.ltb (keys_in (in_chain hash ix (chain_of_entry hash ix e))) max_keys = true ->
  short (link hash ix e first).
Proof.
  intros ix e first Hs H head. destruct (in_chain_link ix e first head) as (n & Hn & ->).
  destruct (N.eqb_spec head (chain_of_entry hash ix e)) as [-> | _]; [| apply Hs].
  rewrite keys_in_app. unfold keys_in at 2. cbn [filter]. rewrite Hn.
  specialize (Hs (chain_of_entry hash ix e)).
  destruct first; cbn [negb orb length] in *; [| lia].
  apply Nat.ltb_lt in H. lia.
Qed.

Lemma link_all_short : forall ns ix good ix' good',
  well_linked hash ix -> (good = true -> short ix) ->
  fold_left (link_again hash) ns (ix, good) = (ix', good') -> good' = true -> short ix'.
Proof.
  induction ns as [| n ns IH]; intros ix good ix' good' Hw Hg H Hgood; cbn [fold_left] in H.
  - injection H as <- <-. auto.
  - unfold link_again at 2 in H.
    refine (IH _ _ _ _ (link_well_linked _ _ _ _ Hw) _ H Hgood).
    intro Hall. apply andb_true_iff in Hall as [H1 H2].
    apply link_short; [auto |]. now rewrite (chain_is hash), keys_in_rev in H2 by exact Hw.
Qed.

Lemma unlinked_short : forall count seed, short (unlinked count seed).
Proof. intros count seed head. cbn. lia. Qed.

Lemma relink_short : forall left_ ix,
  well_linked hash ix ->
  (attempt (relink hash left_ ix) < attempt ix + left_)%nat -> short (relink hash left_ ix).
Proof.
  induction left_ as [| left_ IH]; intros ix Hw H; cbn [relink] in *; [lia |].
  destruct (link_all hash ix (S (attempt ix))) as [ix' good] eqn:E.
  pose proof (link_all_keeps _ _ _ _ _ E) as (Hw' & _ & _ & Ha & _).
  destruct good.
  - unfold link_all in E.
    exact (link_all_short _ _ _ _ _ (unlinked_well_linked _ _ _)
      (fun _ => unlinked_short _ _) E eq_refl).
  - apply IH; [exact Hw' |]. rewrite Ha. lia.
Qed.

(** * What is kept of each entry *)

Definition paired (ix : index) : list (entry * bool) :=
  map (fun n => (content n, first_of_key n)) (nodes ix).

Record counted_well (ix : index) : Prop := {
  is_well_linked : well_linked hash ix;
  is_unique : unique ix;
  is_short : (attempt ix < seeds)%nat -> short ix;
  (* Each entry decides one of the eight combinations. *)
  decides_some : forall e, In e (contents ix) ->
    existsb (N.testbit (entry_combinations e)) [0; 1; 2; 3; 4; 5; 6; 7] = true;
  (* For each entry, one with the same key and digests counts as a key. *)
  has_first : forall e, In e (contents ix) ->
    exists f, In (f, true) (paired ix) /\ same_digests f e = true
}.

Lemma same_digests_iff : forall e other, same_digests e other = true <->
  key other = key e /\ entry_fsverity other = entry_fsverity e /\
  entry_dmverity other = entry_dmverity e.
Proof.
  intros. unfold same_digests. rewrite !andb_true_iff, N.eqb_eq, !same_bytes_iff. tauto.
Qed.

Lemma some_bit : forall x,
  N.ldiff x 255 = 0 -> x <> 0 -> existsb (N.testbit x) [0; 1; 2; 3; 4; 5; 6; 7] = true.
Proof.
  intros x Hx Hz.
  destruct (existsb (N.testbit x) [0; 1; 2; 3; 4; 5; 6; 7]) eqn:E; [reflexivity | exfalso].
  apply Hz. apply N.bits_inj. intro c. rewrite N.bits_0.
  destruct (N.ltb_spec c 8) as [Hc | Hc].
  - cbn [existsb] in E. repeat (apply orb_false_iff in E as [? E]).
    assert (c = 0 \/ c = 1 \/ c = 2 \/ c = 3 \/ c = 4 \/ c = 5 \/ c = 6 \/ c = 7) as Hcases by lia.
    destruct Hcases as [-> | [-> | [-> | [-> | [-> | [-> | [-> | ->]]]]]]]; assumption.
  - assert (Hd : N.testbit (N.ldiff x 255) c = false) by (rewrite Hx; apply N.bits_0).
    rewrite N.ldiff_spec in Hd. replace (N.testbit 255 c) with false in Hd.
    + now rewrite andb_true_r in Hd.
    + symmetry. apply N.bits_above_log2. change (N.log2 255) with 7. lia.
Qed.

Lemma ldiff_keeps : forall x y, N.ldiff x 255 = 0 -> N.ldiff (N.ldiff x y) 255 = 0.
Proof.
  intros x y H. apply N.bits_inj. intro c. rewrite N.bits_0, !N.ldiff_spec.
  assert (Hc : N.testbit (N.ldiff x 255) c = false) by (rewrite H; apply N.bits_0).
  rewrite N.ldiff_spec in Hc. destruct (N.testbit x c), (N.testbit 255 c), (N.testbit y c);
    auto; discriminate.
Qed.

Lemma insert_short : forall ix e,
  well_linked hash ix -> ((attempt ix < seeds)%nat -> short ix) ->
  (attempt (insert hash ix e) < seeds)%nat -> short (insert hash ix e).
Proof.
  intros ix e Hw Hs. unfold insert.
  set (seen := seen_in e (chain ix (chain_of_entry hash ix e))).
  destruct (N.ldiff (entry_combinations e) seen =? 0); [exact Hs |].
  fold (remaining e (N.ldiff (entry_combinations e) seen)).
  set (e' := remaining e (N.ldiff (entry_combinations e) seen)).
  rewrite (chain_is hash), keys_in_rev by exact Hw.
  destruct ((seen =? 0) && Nat.leb max_keys (keys_in (in_chain hash ix (chain_of_entry hash ix e))))
    eqn:E; intro Ha.
  - apply relink_short; [now apply link_well_linked |].
    change (attempt (link hash ix e' (seen =? 0))) with (attempt ix).
    lia.
  - apply link_short; [apply Hs, Ha |].
    change (chain_of_entry hash ix e') with (chain_of_entry hash ix e).
    apply andb_false_iff in E as [-> | E]; [reflexivity |].
    apply orb_true_iff. right. apply Nat.ltb_lt. now apply Nat.leb_gt in E.
Qed.

Lemma paired_contents : forall ix e first, In (e, first) (paired ix) -> In e (contents ix).
Proof.
  intros ix e first H. apply in_map_iff in H as (n & Hn & Hin). injection Hn as <- _.
  now apply in_map.
Qed.

Lemma insert_counted : forall ix e,
  counted_well ix -> N.ldiff (entry_combinations e) 255 = 0 -> counted_well (insert hash ix e).
Proof.
  intros ix e [Hw Hu Hs Hd Hf] He.
  destruct (insert_cases hash ix e Hw) as (Hw' & H).
  split; [exact Hw' | now apply insert_unique | now apply insert_short | |].
  - destruct H as [[_ ->] | (Hz & -> & _)]; [exact Hd |].
    intros x Hin. apply in_app_or in Hin as [Hin | [<- | []]]; [now apply Hd |].
    apply some_bit; [now apply ldiff_keeps | exact Hz].
  - destruct H as [[_ ->] | (Hz & Hc & Hp)]; [exact Hf |].
    fold (paired (insert hash ix e)) in Hp. fold (paired ix) in Hp.
    rewrite Hc, Hp. set (seen := seen_in e (chain ix (chain_of_entry hash ix e))) in *.
    intros x Hin. apply in_app_or in Hin as [Hin | [<- | []]].
    + destruct (Hf x Hin) as (f & H1 & H2). exists f. split; [| exact H2].
      apply in_or_app. now left.
    + destruct (N.eqb_spec seen 0) as [Hseen | Hseen].
      * exists (remaining e (N.ldiff (entry_combinations e) seen)). split.
        -- apply in_or_app. right. now left.
        -- now apply same_digests_iff.
      * (* An earlier entry with the same digests has been seen. *)
        assert (Hbit : exists c, N.testbit seen c = true).
        { exists (N.log2 seen). now apply N.bit_log2. }
        destruct Hbit as [c Hbit]. unfold seen in Hbit. rewrite seen_in_chain in Hbit by exact Hw.
        destruct (find (hit (question_of e c)) (contents ix)) as [other |] eqn:F; [| discriminate].
        apply find_some in F as [Hother Hhit]. apply hit_iff in Hhit as (H1 & _ & H2 & H3).
        cbn [question_of wanted_key wanted_fsverity wanted_dmverity] in H1, H2, H3.
        destruct (Hf other Hother) as (f & Hin & Hsame). exists f. split.
        -- apply in_or_app. now left.
        -- apply same_digests_iff in Hsame as (E1 & E2 & E3). apply same_digests_iff.
           cbn [remaining key entry_fsverity entry_dmverity]. now rewrite <- H1, <- H2, <- H3.
Qed.

(** * The bound *)

Lemma same_entries : forall ix f,
  counted_well ix ->
  (length (filter (fun n => same_digests f (content n)) (nodes ix)) <= 8)%nat.
Proof.
  intros ix f [_ Hu _ Hd _].
  change 8%nat with (1 * length [0; 1; 2; 3; 4; 5; 6; 7]%N)%nat.
  apply (counted (fun n c => N.testbit (entry_combinations (content n)) c)).
  - intros n Hin. apply filter_In in Hin as [Hin _]. apply Hd. now apply in_map.
  - intros c _. specialize (Hu (question_of f c)).
    unfold contents in Hu. rewrite filter_map, length_map in Hu.
    rewrite filter_twice, (filter_ext_list _ (fun n => hit (question_of f c) (content n))); [exact Hu |].
    intros n _. unfold hit, same_digests, question_of. cbn. btauto.
Qed.

Lemma chain_length : forall ix head,
  counted_well ix ->
  (length (in_chain hash ix head) <= 8 * keys_in (in_chain hash ix head))%nat.
Proof.
  intros ix head Hc. pose proof (has_first _ Hc) as Hf. unfold keys_in.
  apply (counted (fun n f => same_digests (content f) (content n))).
  - intros n Hin. apply filter_In in Hin as [Hin Hhead].
    destruct (Hf (content n) (in_map content _ _ Hin)) as (f & Hpair & Hsame).
    apply in_map_iff in Hpair as (m & Hm & Hmin). injection Hm as <- Hfirst.
    apply existsb_exists. exists m. split; [| exact Hsame].
    apply filter_In. split; [| exact Hfirst].
    apply filter_In. split; [exact Hmin |]. cbv beta in Hhead.
    apply same_digests_iff in Hsame as (E1 & E2 & E3).
    unfold chain_of_entry, hash_of in *. now rewrite <- E1, <- E2, <- E3.
  - intros f _. transitivity
      (length (filter (fun n => same_digests (content f) (content n)) (nodes ix))).
    + apply filter_twice_shorter.
    + now apply same_entries.
Qed.

Lemma index_of_counted : forall es,
  Forall (fun e => N.ldiff (entry_combinations e) all_combinations = 0) es ->
  counted_well (index_of hash es).
Proof.
  intros es H. unfold index_of. set (start := unlinked _ _).
  assert (Hstart : counted_well start).
  { split; [apply unlinked_well_linked | intro q; cbn; lia | intros _; apply unlinked_short
           | intros e [] | intros e []]. }
  clearbody start. revert start Hstart. induction H as [| e es He Hes IH]; intros start Hstart.
  - exact Hstart.
  - cbn [fold_left]. apply IH. now apply insert_counted.
Qed.

(** A lookup ends after at most 128 steps, unless the last seed is in use. *)
Theorem lookups_are_short : forall es q,
  Forall (fun e => N.ldiff (entry_combinations e) all_combinations = 0) es ->
  (attempt (index_of hash es) < seeds)%nat ->
  exists o, lookup_within hash (8 * max_keys) (index_of hash es) q = Some o.
Proof.
  intros es q H Ha. assert (Hc := index_of_counted es H).
  eexists. apply lookup_within_answer;
    [apply index_of_well_linked | apply index_of_unique |].
  etransitivity; [now apply chain_length |].
  apply Nat.mul_le_mono_l. now apply is_short.
Qed.

(** * Compiled policies *)

Variable k : kernel.
Variable a : algorithms.

(** There are only eight combinations. *)
Definition fits (w : wanting) : Prop := N.ldiff (combinations w) all_combinations = 0.

Lemma land_fits : forall x y, N.ldiff x 255 = 0 -> N.ldiff (N.land x y) 255 = 0.
Proof.
  intros x y H. apply N.bits_inj. intro c. rewrite N.bits_0, N.ldiff_spec, N.land_spec.
  assert (Hc : N.testbit (N.ldiff x 255) c = false) by (rewrite H; apply N.bits_0).
  rewrite N.ldiff_spec in Hc. destruct (N.testbit x c), (N.testbit 255 c), (N.testbit y c);
    auto; discriminate.
Qed.

Lemma want_fits : forall w p w', fits w -> want k a w p = Some w' -> fits w'.
Proof.
  unfold fits, want. intros w p w' Hw H.
  destruct (provides k (kind_of p)); cbn [negb] in H; [| discriminate].
  destruct p as [v | [d | parameter] | v | d | v];
    try (injection H as <-; now apply land_fits).
  - destruct (is_valid a d); [| discriminate].
    destruct (set_digest (dmverity w) d); [| discriminate]. injection H as <-. exact Hw.
  - destruct (named k parameter); [| discriminate]. injection H as <-. exact Hw.
  - destruct (is_valid_fsverity a d); [| discriminate].
    destruct (set_digest (fsverity w) d); [| discriminate]. injection H as <-. exact Hw.
Qed.

Lemma wants_of_fits : forall conds cl w,
  wants_of (fold_left (collect k a) conds always) cl = Some w -> fits w.
Proof.
  intros conds cl w H.
  destruct (collected_without k a (fun _ => false) fits) with (conds := conds) (c := always)
    as [Ho Hp]; try reflexivity.
  - intros w0 p w' _. apply want_fits.
  - clear H. induction conds as [| [p | p | v | v] conds IH]; cbn [existsb orb]; auto.
  - unfold wants_of in H.
    destruct cl; destruct (_ && _); try discriminate H; injection H as <-; assumption.
Qed.

Definition entries_fit (s : pass) : Prop :=
  Forall (fun e => N.ldiff (entry_combinations e) all_combinations = 0) (entries s).

Lemma add_class_fits : forall tells r s cl,
  entries_fit s -> entries_fit (add_class k a tells r s cl).
Proof.
  intros tells r s cl Hs. unfold add_class.
  destruct (wants_of _ _) as [w |] eqn:E; [| exact Hs].
  destruct (has_row _ _ _); [| exact Hs].
  apply wants_of_fits in E. unfold add_to_row.
  destruct (_ =? 0); [exact Hs |]. destruct (negb (has_digest w)); [exact Hs |].
  unfold entries_fit. cbn [entries]. apply Forall_app. split; [exact Hs |].
  apply Forall_forall. intros e Hin. apply in_map_iff in Hin as (d & <- & _).
  cbn [new_entry entry_combinations]. now apply ldiff_keeps.
Qed.

Lemma pass_fits : forall tells rs s,
  entries_fit s -> entries_fit (fold_left (add_rule k a tells) rs s).
Proof.
  intro tells. induction rs as [| r rs IH]; intros s Hs; [exact Hs |].
  cbn [fold_left]. apply IH. unfold add_rule. now do 3 apply add_class_fits.
Qed.

(** A lookup in a compiled policy ends after at most 16 keys with 8 combinations each, unless its
    author has made digests collide under all seeds. *)
Theorem compiled_lookups_are_short : forall p q,
  (attempt (the_index (compile hash k a p)) < seeds)%nat ->
  exists o, lookup_within hash (8 * max_keys) (the_index (compile hash k a p)) q = Some o.
Proof.
  intros p q H. apply lookups_are_short; [| exact H].
  apply pass_fits. constructor.
Qed.

End Proofs.
