(* SPDX-License-Identifier: GPL-2.0-only *)

(** The index finds the first entry with the key, the digests and the combination, with every hash
    function, and its lookups end. *)

From Coq Require Import Bool List NArith Arith Lia.
From Ipe Require Import Meaning Compiled Basics.
Import ListNotations.
Open Scope N_scope.

Section Proofs.

Variable hash : hashing.

(** * What an entry is found by *)

(** Whether an entry answers a question. *)
Definition hit (q : question) (e : entry) : bool :=
  (key e =? wanted_key q) && N.testbit (entry_combinations e) (wanted_combination q) &&
  same_bytes (entry_fsverity e) (wanted_fsverity q) &&
  same_bytes (entry_dmverity e) (wanted_dmverity q).

Lemma hit_iff : forall q e, hit q e = true <->
  key e = wanted_key q /\ N.testbit (entry_combinations e) (wanted_combination q) = true /\
  entry_fsverity e = wanted_fsverity q /\ entry_dmverity e = wanted_dmverity q.
Proof.
  intros. unfold hit. rewrite !andb_true_iff, N.eqb_eq, !same_bytes_iff. tauto.
Qed.

(** The question that an entry answers for a combination. *)
Definition question_of (e : entry) (c : N) : question := {|
  wanted_key := key e;
  wanted_combination := c;
  wanted_fsverity := entry_fsverity e;
  wanted_dmverity := entry_dmverity e
|}.

Lemma hit_question_of : forall q e,
  hit q e = true -> q = question_of e (wanted_combination q).
Proof.
  intros [kq cq fq dq] e H. apply hit_iff in H as (H1 & _ & H2 & H3).
  unfold question_of. simpl in *. congruence.
Qed.

Definition contents (ix : index) : list entry := map content (nodes ix).

(** The answer of the entries, in the order of their rules. *)
Definition answer (q : question) (es : list entry) : option outcome :=
  option_map entry_outcome (find (hit q) es).

(** * Well-formed indexes *)

Definition in_chain (ix : index) (head : N) : list node :=
  filter (fun n => chain_of_entry hash ix (content n) =? head) (nodes ix).

(** Links lead from an entry to an earlier one. *)
Definition bounded (ns : list node) : Prop :=
  forall i n, nth_error ns i = Some n -> (next n <= i)%nat.

(** Each chain has the entries with its hash, the last one first. *)
Definition linked (ix : index) : Prop :=
  forall head,
    follow (nodes ix) (length (in_chain ix head)) (heads ix head) = Some (rev (in_chain ix head)).

Definition tagged (ix : index) : Prop :=
  forall n, In n (nodes ix) -> tag n = tag_of (hash_of hash ix (content n)).

Record well_linked (ix : index) : Prop := {
  is_bounded : bounded (nodes ix);
  heads_bounded : forall head, (heads ix head <= length (nodes ix))%nat;
  is_linked : linked ix;
  is_tagged : tagged ix
}.

(** ** Chains end *)

Lemma follow_more : forall ns steps more at_ l,
  follow ns steps at_ = Some l -> (steps <= more)%nat -> follow ns more at_ = Some l.
Proof.
  induction steps as [| steps IH]; intros more at_ l H Hle; destruct at_ as [| i]; simpl in *.
  - now destruct more.
  - destruct (nth_error ns i) eqn:E; [discriminate |].
    destruct more; simpl; rewrite E; auto.
  - now destruct more.
  - destruct more as [| more]; [lia |]. simpl.
    destruct (nth_error ns i) as [n |]; auto.
    destruct (follow ns steps (next n)) as [rest |] eqn:F; simpl in H; [| discriminate].
    rewrite (IH more _ rest); auto. lia.
Qed.

Lemma follow_extended : forall ns extra steps at_ l,
  bounded ns -> (at_ <= length ns)%nat ->
  follow ns steps at_ = Some l -> follow (ns ++ extra) steps at_ = Some l.
Proof.
  induction steps as [| steps IH]; intros at_ l Hb Hle H; destruct at_ as [| i]; simpl in *; auto.
  - destruct (nth_error ns i) eqn:E; [discriminate |].
    apply nth_error_None in E. lia.
  - rewrite nth_error_app1 by lia.
    destruct (nth_error ns i) as [n |] eqn:E.
    + destruct (follow ns steps (next n)) as [rest |] eqn:F; simpl in H; [| discriminate].
      rewrite (IH _ rest); auto. specialize (Hb _ _ E). lia.
    + apply nth_error_None in E. lia.
Qed.

Lemma chain_is : forall ix head, well_linked ix -> chain ix head = rev (in_chain ix head).
Proof.
  intros ix head H. unfold chain.
  rewrite (follow_more _ _ (length (nodes ix)) _ _ (is_linked _ H head)); auto.
  apply filter_length_le.
Qed.

(** ** Linking keeps an index well-formed *)

Lemma unlinked_well_linked : forall count seed, well_linked (unlinked count seed).
Proof.
  intros. split; simpl; auto.
  - intros i n E. destruct i; discriminate.
  - intro head. reflexivity.
  - intros n [].
Qed.

Lemma contents_link : forall ix e first, contents (link hash ix e first) = contents ix ++ [e].
Proof. intros. unfold contents, link. simpl. now rewrite map_app. Qed.

Lemma link_well_linked : forall ix e first,
  well_linked ix -> well_linked (link hash ix e first).
Proof.
  intros ix e first [Hb Hh Hl Ht].
  split.
  - intros i n E. unfold link in E. cbn [nodes] in E.
    destruct (Nat.lt_ge_cases i (length (nodes ix))) as [Hi | Hi].
    + rewrite nth_error_app1 in E by auto. eauto.
    + rewrite nth_error_app2 in E by auto.
      destruct (i - length (nodes ix))%nat as [| j] eqn:D.
      * injection E as <-. cbn [next]. specialize (Hh (chain_of_entry hash ix e)). lia.
      * destruct j; discriminate.
  - intro head. unfold link. cbn [heads nodes]. rewrite length_app. simpl.
    specialize (Hh head). destruct (head =? _); lia.
  - intro head. unfold in_chain, link. cbn [heads nodes].
    change (chain_of_entry hash {| nodes := _; heads := _; chains := chains ix;
      attempt := attempt ix |}) with (chain_of_entry hash ix).
    rewrite filter_app. cbn [filter content].
    rewrite (N.eqb_sym (chain_of_entry hash ix e) head).
    destruct (N.eqb_spec head (chain_of_entry hash ix e)) as [-> | Hne].
    + rewrite length_app, rev_app_distr. cbn [length rev app]. rewrite Nat.add_1_r.
      cbn [follow].
      rewrite nth_error_app2, Nat.sub_diag by auto. cbn [nth_error next].
      fold (in_chain ix (chain_of_entry hash ix e)).
      rewrite (follow_extended _ _ _ _ _ Hb (Hh _) (Hl _)). reflexivity.
    + rewrite app_nil_r. exact (follow_extended _ _ _ _ _ Hb (Hh head) (Hl head)).
  - intros n Hin. unfold link in *. cbn [nodes] in Hin.
    change (tag n = tag_of (hash_of hash ix (content n))).
    apply in_app_or in Hin as [Hin | [<- | []]]; auto.
Qed.

Lemma link_all_fold : forall ns ix good ix' good',
  well_linked ix ->
  fold_left (link_again hash) ns (ix, good) = (ix', good') ->
  well_linked ix' /\
  contents ix' = contents ix ++ map content ns /\
  chains ix' = chains ix /\ attempt ix' = attempt ix /\
  map (fun n => (content n, first_of_key n)) (nodes ix') =
    map (fun n => (content n, first_of_key n)) (nodes ix ++ ns).
Proof.
  induction ns as [| n ns IH]; intros ix good ix' good' Hw H; simpl in H.
  - injection H as <- <-. simpl. rewrite !app_nil_r. auto.
  - apply IH in H as (H1 & H2 & H3 & H4 & H5); [| now apply link_well_linked].
    rewrite contents_link in H2. rewrite <- app_assoc in H2.
    split; [| split; [| split; [| split]]]; auto.
    rewrite H5. unfold link. cbn [nodes]. rewrite !map_app. simpl.
    now rewrite <- app_assoc.
Qed.

Lemma link_all_keeps : forall ix seed ix' good,
  link_all hash ix seed = (ix', good) ->
  well_linked ix' /\ contents ix' = contents ix /\ chains ix' = chains ix /\
  attempt ix' = seed /\
  map (fun n => (content n, first_of_key n)) (nodes ix') =
    map (fun n => (content n, first_of_key n)) (nodes ix).
Proof.
  unfold link_all. intros ix seed ix' good H.
  apply link_all_fold in H as (H1 & H2 & H3 & H4 & H5); auto using unlinked_well_linked.
Qed.

Lemma relink_keeps : forall left_ ix,
  well_linked ix ->
  well_linked (relink hash left_ ix) /\
  contents (relink hash left_ ix) = contents ix /\
  map (fun n => (content n, first_of_key n)) (nodes (relink hash left_ ix)) =
    map (fun n => (content n, first_of_key n)) (nodes ix).
Proof.
  induction left_ as [| left_ IH]; intros ix H; simpl; auto.
  destruct (link_all hash ix (S (attempt ix))) as [ix' good] eqn:E.
  apply link_all_keeps in E as (H1 & H2 & _ & _ & H3).
  destruct good; auto.
  destruct (IH ix' H1) as (I1 & I2 & I3). rewrite I2, I3, H2, H3. auto.
Qed.

(** * What a lookup finds *)

(** No two entries answer the same question. *)
Definition unique (ix : index) : Prop :=
  forall q, (length (filter (hit q) (contents ix)) <= 1)%nat.

Lemma walk_follow : forall ns wanted steps at_ l,
  follow ns steps at_ = Some l ->
  walk ns wanted steps at_ = Some
    match find wanted l with Some n => entry_outcome (content n) | None => none end.
Proof.
  induction steps as [| steps IH]; intros at_ l H; destruct at_ as [| i]; simpl in *.
  - now injection H as <-.
  - destruct (nth_error ns i); [discriminate |]. now injection H as <-.
  - now injection H as <-.
  - destruct (nth_error ns i) as [n |].
    + destruct (follow ns steps (next n)) as [rest |] eqn:F; simpl in H; [| discriminate].
      injection H as <-. simpl. destruct (wanted n); auto.
    + now injection H as <-.
Qed.

(** The chain of a question has all entries that answer it. *)
Lemma find_in_chain : forall ix q,
  well_linked ix -> unique ix ->
  option_map content
    (find (is_wanted (hash_of_question hash ix q) q)
       (rev (in_chain ix (chain_of (hash_of_question hash ix q) (chains ix))))) =
  find (hit q) (contents ix).
Proof.
  intros ix q Hw Hu.
  assert (Hsame : forall n, In n (nodes ix) -> hit q (content n) = true ->
      hash_of hash ix (content n) = hash_of_question hash ix q).
  { intros n _ Hn. apply hit_iff in Hn as (H1 & _ & H2 & H3).
    unfold hash_of, hash_of_question. congruence. }
  assert (Hwanted : forall n, In n (nodes ix) ->
      is_wanted (hash_of_question hash ix q) q n = hit q (content n)).
  { intros n Hin. unfold is_wanted.
    rewrite (is_tagged _ Hw n Hin).
    destruct (hit q (content n)) eqn:Hn.
    - rewrite (Hsame n Hin Hn), N.eqb_refl.
      unfold hit in Hn. rewrite !andb_true_iff in Hn.
      destruct Hn as [[[H1 H2] H3] H4]. now rewrite H1, H2, H3, H4.
    - unfold hit in Hn.
      destruct (key (content n) =? wanted_key q), (N.testbit _ _), (same_bytes _ _);
        simpl in *; auto using andb_false_r; now rewrite ?Hn, ?andb_false_r. }
  rewrite !find_filter.
  assert (Hfilter : filter (is_wanted (hash_of_question hash ix q) q)
      (in_chain ix (chain_of (hash_of_question hash ix q) (chains ix))) =
    filter (fun n => hit q (content n)) (nodes ix)).
  { unfold in_chain.
    rewrite filter_filter.
    - now apply filter_ext_list.
    - intros n Hin Hn. rewrite Hwanted in Hn by auto.
      unfold chain_of_entry. rewrite (Hsame n Hin Hn). apply N.eqb_refl. }
  rewrite filter_rev, Hfilter, rev_short.
  - unfold contents. rewrite filter_map.
    destruct (filter _ (nodes ix)); reflexivity.
  - specialize (Hu q). unfold contents in Hu. rewrite filter_map, length_map in Hu. auto.
Qed.

Lemma lookup_within_answer : forall ix q steps,
  well_linked ix -> unique ix ->
  (length (in_chain ix (chain_of (hash_of_question hash ix q) (chains ix))) <= steps)%nat ->
  lookup_within hash steps ix q = Some
    match answer q (contents ix) with Some o => o | None => none end.
Proof.
  intros ix q steps Hw Hu Hle. unfold lookup_within, answer.
  rewrite (walk_follow _ _ _ _ _ (follow_more _ _ _ _ _ (is_linked _ Hw _) Hle)).
  rewrite <- (find_in_chain ix q Hw Hu).
  now destruct (find _ _).
Qed.

Lemma lookup_answer : forall ix q,
  well_linked ix -> unique ix ->
  lookup hash ix q = match answer q (contents ix) with Some o => o | None => none end.
Proof.
  intros. unfold lookup. rewrite lookup_within_answer; auto. apply filter_length_le.
Qed.

(** * Building an index *)

Lemma seen_in_testbit : forall e ns c,
  N.testbit (seen_in e ns) c = existsb (fun n => hit (question_of e c) (content n)) ns.
Proof.
  intros e ns c. unfold seen_in.
  enough (H : forall start, N.testbit (fold_left
      (fun seen n => if same_digests e (content n)
        then N.lor seen (entry_combinations (content n)) else seen) ns start) c =
      N.testbit start c || existsb (fun n => hit (question_of e c) (content n)) ns).
  { rewrite H. now rewrite N.bits_0. }
  induction ns as [| n ns IH]; intro start; simpl.
  - now rewrite orb_false_r.
  - rewrite IH. unfold same_digests, hit, question_of. simpl.
    destruct (key (content n) =? key e), (same_bytes (entry_fsverity (content n)) _),
      (same_bytes (entry_dmverity (content n)) _);
      simpl; rewrite ?N.lor_spec, ?andb_false_r, ?andb_true_r; simpl;
      rewrite ?orb_assoc; auto.
Qed.

Lemma find_map_content : forall q ns,
  find (hit q) (map content ns) = option_map content (find (fun n => hit q (content n)) ns).
Proof. induction ns as [| n ns IH]; simpl; auto. destruct (hit q (content n)); auto. Qed.

Lemma existsb_filter : forall {A} (f : A -> bool) l,
  existsb f l = negb (Nat.eqb (length (filter f l)) 0).
Proof. induction l as [| x l IH]; simpl; auto. destruct (f x); auto. Qed.

Lemma existsb_rev : forall {A} (f : A -> bool) l, existsb f (rev l) = existsb f l.
Proof. intros. rewrite !existsb_filter, filter_rev, length_rev. auto. Qed.

(** A combination is seen if an earlier entry answers for it. *)
Lemma seen_in_chain : forall ix e c,
  well_linked ix ->
  N.testbit (seen_in e (chain ix (chain_of_entry hash ix e))) c =
  is_some (find (hit (question_of e c)) (contents ix)).
Proof.
  intros ix e c Hw.
  rewrite seen_in_testbit, chain_is, existsb_rev by auto.
  unfold contents. rewrite find_map_content.
  unfold in_chain.
  rewrite existsb_filter, filter_filter, <- existsb_filter, existsb_find.
  - now destruct (find _ _).
  - intros n _ Hn. apply hit_iff in Hn as (H1 & _ & H2 & H3).
    cbn [question_of wanted_key wanted_fsverity wanted_dmverity] in H1, H2, H3.
    unfold chain_of_entry, hash_of. rewrite H1, H2, H3. apply N.eqb_refl.
Qed.

Definition remaining (e : entry) (left_over : N) : entry := {|
  key := key e;
  entry_outcome := entry_outcome e;
  entry_combinations := left_over;
  entry_fsverity := entry_fsverity e;
  entry_dmverity := entry_dmverity e
|}.

(** An insertion does nothing, or adds the entry for the combinations that are left. *)
Lemma insert_cases : forall ix e,
  well_linked ix ->
  let seen := seen_in e (chain ix (chain_of_entry hash ix e)) in
  let left_over := N.ldiff (entry_combinations e) seen in
  well_linked (insert hash ix e) /\
  ((left_over = 0 /\ insert hash ix e = ix) \/
   (left_over <> 0 /\
    contents (insert hash ix e) = contents ix ++ [remaining e left_over] /\
    map (fun n => (content n, first_of_key n)) (nodes (insert hash ix e)) =
      map (fun n => (content n, first_of_key n)) (nodes ix) ++
      [(remaining e left_over, seen =? 0)])).
Proof.
  intros ix e Hw seen left_over. unfold insert. fold seen. fold left_over.
  destruct (N.eqb_spec left_over 0) as [Hz | Hz]; [auto |].
  assert (Hl := link_well_linked ix (remaining e left_over) (seen =? 0) Hw).
  fold (remaining e left_over).
  assert (Hn : map (fun n => (content n, first_of_key n))
      (nodes (link hash ix (remaining e left_over) (seen =? 0))) =
    map (fun n => (content n, first_of_key n)) (nodes ix) ++
      [(remaining e left_over, seen =? 0)]).
  { unfold link. cbn [nodes]. now rewrite map_app. }
  destruct ((seen =? 0) && _).
  - destruct (relink_keeps (seeds - attempt ix) _ Hl) as (H1 & H2 & H3).
    split; auto. right. rewrite H2, H3, contents_link. auto.
  - split; auto. right. rewrite contents_link. auto.
Qed.

Lemma hit_remaining : forall ix e q,
  well_linked ix ->
  hit q (remaining e
    (N.ldiff (entry_combinations e) (seen_in e (chain ix (chain_of_entry hash ix e))))) =
  hit q e && negb (is_some (find (hit q) (contents ix))).
Proof.
  intros ix e q Hw.
  destruct (hit q e) eqn:Hq; simpl.
  - pose proof (hit_question_of _ _ Hq) as Heq.
    apply hit_iff in Hq as (H1 & H2 & H3 & H4).
    rewrite Heq at 2. rewrite <- seen_in_chain by auto.
    unfold hit. cbn [remaining key entry_combinations entry_fsverity entry_dmverity].
    rewrite ldiff_testbit, H1, H2, H3, H4, N.eqb_refl. simpl.
    rewrite (proj2 (same_bytes_iff _ _) eq_refl), (proj2 (same_bytes_iff _ _) eq_refl).
    now rewrite !andb_true_r.
  - unfold hit in *. cbn [remaining key entry_combinations entry_fsverity entry_dmverity].
    rewrite ldiff_testbit.
    destruct (key e =? _), (N.testbit (entry_combinations e) _), (same_bytes (entry_fsverity e) _),
      (same_bytes (entry_dmverity e) _); simpl in *; rewrite ?andb_false_r; auto; discriminate.
Qed.

Lemma insert_unique : forall ix e, well_linked ix -> unique ix -> unique (insert hash ix e).
Proof.
  intros ix e Hw Hu q.
  destruct (insert_cases ix e Hw) as (_ & [[_ ->] | (_ & -> & _)]); [apply Hu |].
  rewrite filter_app, length_app. simpl filter.
  rewrite hit_remaining by auto.
  destruct (hit q e); simpl; [| rewrite Nat.add_0_r; apply Hu].
  destruct (find (hit q) (contents ix)) eqn:F; simpl.
  - rewrite Nat.add_0_r. apply Hu.
  - apply find_none_filter in F. rewrite F. auto.
Qed.

Lemma insert_answer : forall ix e q,
  well_linked ix ->
  answer q (contents (insert hash ix e)) = answer q (contents ix ++ [e]).
Proof.
  intros ix e q Hw. unfold answer. rewrite find_app. simpl.
  destruct (insert_cases ix e Hw) as (_ & [[Hz ->] | (_ & -> & _)]).
  - destruct (find (hit q) (contents ix)) eqn:F; auto.
    destruct (hit q e) eqn:Hq; auto.
    pose proof (hit_remaining ix e q Hw) as H.
    rewrite Hq, F, Hz in H. simpl in H.
    apply hit_iff in H as (_ & H & _). discriminate.
  - rewrite find_app. simpl. rewrite hit_remaining by auto.
    destruct (find (hit q) (contents ix)) eqn:F; auto.
    destruct (hit q e); auto.
Qed.

Lemma fold_insert : forall es ix,
  well_linked ix -> unique ix ->
  well_linked (fold_left (insert hash) es ix) /\ unique (fold_left (insert hash) es ix) /\
  forall q, answer q (contents (fold_left (insert hash) es ix)) = answer q (contents ix ++ es).
Proof.
  induction es as [| e es IH]; intros ix Hw Hu; simpl.
  - repeat split; auto; apply Hw || intro; now rewrite app_nil_r.
  - destruct (IH (insert hash ix e)) as (H1 & H2 & H3).
    + apply (insert_cases ix e Hw).
    + now apply insert_unique.
    + split; [| split]; auto. intro q. rewrite H3.
      pose proof (insert_answer ix e q Hw) as H. unfold answer in *.
      replace (contents ix ++ e :: es) with ((contents ix ++ [e]) ++ es)
        by now rewrite <- app_assoc.
      rewrite (find_app _ (contents (insert hash ix e))), (find_app _ (contents ix ++ [e])).
      destruct (find (hit q) (contents (insert hash ix e))), (find (hit q) (contents ix ++ [e]));
        simpl in *; congruence.
Qed.

Lemma index_of_well_linked : forall es, well_linked (index_of hash es).
Proof.
  intro es. apply fold_insert; [apply unlinked_well_linked | intro q; simpl; auto].
Qed.

Lemma index_of_unique : forall es, unique (index_of hash es).
Proof.
  intro es. apply fold_insert; [apply unlinked_well_linked | intro q; simpl; auto].
Qed.

(** The index finds the outcome of the first entry that answers the question. *)
Theorem index_finds : forall es q,
  lookup hash (index_of hash es) q = match answer q es with Some o => o | None => none end.
Proof.
  intros es q.
  rewrite lookup_answer by auto using index_of_well_linked, index_of_unique.
  unfold index_of.
  set (start := unlinked _ _).
  destruct (fold_insert es start) as (_ & _ & H);
    [apply unlinked_well_linked | intro; simpl; auto | now rewrite H].
Qed.

(** A lookup ends after at most as many steps as there are entries. *)
Theorem lookups_end : forall es q,
  exists o, lookup_within hash (length es) (index_of hash es) q = Some o.
Proof.
  intros es q. eexists. apply lookup_within_answer;
    auto using index_of_well_linked, index_of_unique.
  transitivity (length (nodes (index_of hash es))); [apply filter_length_le |].
  unfold index_of. set (start := unlinked _ _).
  assert (H : forall es ix, well_linked ix ->
    (length (nodes (fold_left (insert hash) es ix)) <= length (nodes ix) + length es)%nat).
  { clear. induction es as [| e es IH]; intros ix Hw; simpl; [lia |].
    destruct (insert_cases ix e Hw) as (Hw' & H).
    specialize (IH _ Hw').
    destruct H as [[_ H] | (_ & H & _)]; [rewrite H in *; lia |].
    unfold contents in H. apply (f_equal (@length _)) in H.
    rewrite length_app, !length_map in H. simpl in H. lia. }
  apply (H es start). apply unlinked_well_linked.
Qed.

End Proofs.
