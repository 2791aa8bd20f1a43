(* SPDX-License-Identifier: GPL-2.0-only *)

(** The collected conditions of a rule say the same as the conditions themselves. *)

From Coq Require Import Bool Btauto List NArith Arith Lia.
From Ipe Require Import Meaning Compiled Basics.
Import ListNotations.
Open Scope N_scope.

Section Proofs.

Variable k : kernel.
Variable a : algorithms.

(** * The properties of one file *)

(** Whether a file has what is wanted. *)
Definition satisfies (f : properties) (w : wanting) : bool :=
  N.testbit (combinations w) (combination f) &&
  match fsverity w with Some d => is_digest d (fsverity_digest f) | None => true end &&
  match dmverity w with Some d => is_digest d (dmverity_roothash f) | None => true end &&
  match from_parameter w with
  | Some parameter =>
      match named k parameter with
      | Some digests => existsb (fun d => is_digest d (dmverity_roothash f)) digests
      | None => false
      end
  | None => true
  end.

Lemma combination_below_8 : forall f, combination f < 8.
Proof. intros [[] [] [] r d]; reflexivity. Qed.

Lemma with_flag_boot_verified : forall f value,
  N.testbit (with_flag 0 value) (combination f) = eqb (boot_verified f) value.
Proof. intros [[] [] [] r d] []; reflexivity. Qed.

Lemma with_flag_dmverity_signature : forall f value,
  N.testbit (with_flag 1 value) (combination f) = eqb (dmverity_signature f) value.
Proof. intros [[] [] [] r d] []; reflexivity. Qed.

Lemma with_flag_fsverity_signature : forall f value,
  N.testbit (with_flag 2 value) (combination f) = eqb (fsverity_signature f) value.
Proof. intros [[] [] [] r d] []; reflexivity. Qed.

Lemma satisfies_nothing : forall f, satisfies f nothing = true.
Proof. intros [[] [] [] r d]; reflexivity. Qed.

Lemma satisfies_no_combination : forall f w, satisfies f (with_combinations w 0) = false.
Proof. intros. unfold satisfies. cbn [with_combinations combinations]. now rewrite N.bits_0. Qed.

Lemma is_digest_twice : forall d d' found,
  same_digest d d' = false -> is_digest d found && is_digest d' found = false.
Proof.
  intros d d' [f |] H; auto. unfold is_digest.
  destruct (same_digest d f) eqn:E, (same_digest d' f) eqn:E'; auto.
  apply same_digest_iff in E. apply same_digest_iff in E'. subst.
  now rewrite same_digest_refl in H.
Qed.

Lemma invalid_roothash : forall f d,
  real a f -> is_valid a d = false -> is_digest d (dmverity_roothash f) = false.
Proof.
  intros f d [H _] Hd. unfold is_digest.
  destruct (dmverity_roothash f) as [found |]; auto.
  destruct (same_digest d found) eqn:E; auto.
  apply same_digest_iff in E as ->. rewrite H in Hd; auto.
Qed.

Lemma invalid_fsverity : forall f d,
  real a f -> is_valid_fsverity a d = false -> is_digest d (fsverity_digest f) = false.
Proof.
  intros f d [_ H] Hd. unfold is_digest.
  destruct (fsverity_digest f) as [found |]; auto.
  destruct (same_digest d found) eqn:E; auto.
  apply same_digest_iff in E as ->. rewrite H in Hd; auto.
Qed.

Lemma no_properties_real : real a no_properties.
Proof. split; discriminate. Qed.

(** Whether a property is a root hash of the command line. *)
Definition is_parameter (p : property) : bool := existsb from_command_line (root_hash_of p).

(** Adding a property to what is wanted. *)
Lemma want_satisfies : forall f w p,
  real a f -> (is_parameter p = true -> from_parameter w = None) ->
  match want k a w p with
  | Some w' => satisfies f w' = satisfies f w && has k f p
  | None => satisfies f w && has k f p = false
  end.
Proof.
  intros f w p Hreal Hparameter. unfold want, has.
  destruct (provides k (kind_of p)); cbn [negb andb]; [| apply andb_false_r].
  destruct p as [v | [d | parameter] | v | d | v].
  - unfold satisfies.
    cbn [with_combinations combinations fsverity dmverity from_parameter].
    rewrite N.land_spec, with_flag_boot_verified. btauto.
  - destruct (is_valid a d) eqn:Hd.
    + unfold set_digest, satisfies. destruct (dmverity w) as [old |].
      * destruct (same_digest old d) eqn:E; cbn [combinations fsverity dmverity from_parameter].
        -- apply same_digest_iff in E as ->. btauto.
        -- pose proof (is_digest_twice _ _ (dmverity_roothash f) E) as H.
           apply andb_false_iff in H as [-> | ->]; btauto.
      * cbn [combinations fsverity dmverity from_parameter]. btauto.
    + rewrite (invalid_roothash f d Hreal Hd). apply andb_false_r.
  - destruct (named k parameter) as [digests |] eqn:Hnamed; [| apply andb_false_r].
    unfold satisfies. cbn [combinations fsverity dmverity from_parameter].
    rewrite Hnamed, Hparameter by reflexivity. btauto.
  - unfold satisfies.
    cbn [with_combinations combinations fsverity dmverity from_parameter].
    rewrite N.land_spec, with_flag_dmverity_signature. btauto.
  - destruct (is_valid_fsverity a d) eqn:Hd.
    + unfold set_digest, satisfies. destruct (fsverity w) as [old |].
      * destruct (same_digest old d) eqn:E; cbn [combinations fsverity dmverity from_parameter].
        -- apply same_digest_iff in E as ->. btauto.
        -- pose proof (is_digest_twice _ _ (fsverity_digest f) E) as H.
           apply andb_false_iff in H as [-> | ->]; btauto.
      * cbn [combinations fsverity dmverity from_parameter]. btauto.
    + rewrite (invalid_fsverity f d Hreal Hd). apply andb_false_r.
  - unfold satisfies.
    cbn [with_combinations combinations fsverity dmverity from_parameter].
    rewrite N.land_spec, with_flag_fsverity_signature. btauto.
Qed.

(** * Root hashes that are alone *)

(** The root hashes that are wanted. *)
Definition roots (w : wanting) : list root_hash :=
  match dmverity w with Some d => [Digest d] | None => [] end ++
  match from_parameter w with Some parameter => [CommandLine parameter] | None => [] end.

Definition lonely (wanted : list root_hash) : Prop :=
  (length wanted <= 1)%nat \/ existsb from_command_line wanted = false.

Lemma lonely_without : forall l x r, lonely (l ++ x :: r) -> lonely (l ++ r).
Proof.
  intros l x r [H | H]; [left | right].
  - rewrite length_app in *. simpl in H. lia.
  - rewrite existsb_app in *. simpl in H.
    apply orb_false_iff in H as [H1 H2]. apply orb_false_iff in H2 as [_ H2].
    now rewrite H1, H2.
Qed.

Lemma lonely_parameter : forall w parameter rest,
  lonely (roots w ++ CommandLine parameter :: rest) ->
  dmverity w = None /\ from_parameter w = None.
Proof.
  intros w parameter rest [H | H].
  - rewrite length_app in H. simpl in H. unfold roots in H.
    destruct (dmverity w), (from_parameter w); simpl in H; auto; lia.
  - rewrite existsb_app in H. simpl in H. now rewrite orb_true_r in H.
Qed.

Lemma want_lonely : forall w p w' rest,
  want k a w p = Some w' -> lonely (roots w ++ root_hash_of p ++ rest) ->
  lonely (roots w' ++ rest).
Proof.
  intros w p w' rest H Hl. unfold want in H.
  destruct (provides k (kind_of p)); cbn [negb] in H; [| discriminate].
  destruct p as [v | [d | parameter] | v | d | v]; cbn [root_hash_of] in Hl.
  - now injection H as <-.
  - destruct (is_valid a d); [| discriminate].
    unfold set_digest in H. unfold roots in *.
    destruct (dmverity w) as [old |].
    + destruct (same_digest old d); [| discriminate]. injection H as <-.
      exact (lonely_without _ _ _ Hl).
    + injection H as <-. cbn [dmverity from_parameter] in *.
      (* Both lists have the same length, and a root hash of the command line or none. *)
      destruct (from_parameter w); cbn [app] in *; auto.
  - destruct (lonely_parameter _ _ _ Hl) as [Hd Hp].
    destruct (named k parameter); [| discriminate]. injection H as <-.
    unfold roots in *. cbn [dmverity from_parameter].
    rewrite Hd, Hp in *. exact Hl.
  - now injection H as <-.
  - destruct (is_valid_fsverity a d); [| discriminate].
    destruct (set_digest (fsverity w) d); [| discriminate]. now injection H as <-.
  - now injection H as <-.
Qed.

Lemma roots_never : forall w, roots (with_combinations w 0) = roots w.
Proof. reflexivity. Qed.

Lemma lonely_rest : forall l p rest, lonely (l ++ root_hash_of p ++ rest) -> lonely (l ++ rest).
Proof.
  intros l p rest H. destruct p; cbn [root_hash_of app] in H; auto.
  now apply lonely_without in H.
Qed.

(** * All conditions of a rule *)

(** Whether an object meets what was collected. *)
Definition meets (o : object) (c : collected) : bool :=
  match o with
  | File own => allows_file c && negb (names_program c) && satisfies own (object_wants c)
  | ModifiedMapping own =>
      allows_modified c && negb (names_program c) && satisfies own (object_wants c)
  | Memory program =>
      allows_memory c && satisfies no_properties (object_wants c) &&
      satisfies program (program_wants c)
  end.

Lemma meets_always : forall o, meets o always = true.
Proof.
  intros [own | program | own]; unfold meets, always; cbn -[satisfies nothing];
    now rewrite !satisfies_nothing.
Qed.

Lemma meets_never : forall o c, meets o (never_match c) = false.
Proof.
  intros [own | program | own] c; unfold meets, never_match;
    cbn [allows_file allows_memory allows_modified names_program object_wants program_wants];
    rewrite !satisfies_no_combination; now rewrite ?andb_false_r.
Qed.

(** The root hashes that are wanted, and those of the conditions that follow, are alone. *)
Definition collectable (c : collected) (rest : list condition) : Prop :=
  lonely (roots (object_wants c) ++ flat_map root_hash_of (flat_map of_object rest)) /\
  lonely (roots (program_wants c) ++ flat_map root_hash_of (flat_map of_program rest)).

Lemma collect_meets : forall o c new rest,
  real_object a o -> collectable c (new :: rest) ->
  meets o (collect k a c new) = meets o c && holds k o new /\
  collectable (collect k a c new) rest.
Proof.
  intros o c new rest Hreal [Ho Hp].
  destruct new as [p | p | v | v]; cbn [flat_map of_object of_program app] in Ho, Hp.
  - cbn [flat_map] in Ho.
    assert (Hparameter : is_parameter p = true -> from_parameter (object_wants c) = None).
    { intro H. destruct p as [| [d |] | | |]; try discriminate.
      apply (lonely_parameter _ _ _ Ho). }
    cbn [collect].
    pose proof (fun f Hf => want_satisfies f (object_wants c) p Hf Hparameter) as Hw.
    destruct (want k a (object_wants c) p) as [w |] eqn:E.
    + split; [| split; auto; cbn [object_wants]; eapply want_lonely; eauto].
      destruct o as [own | program | own]; unfold meets;
        cbn [allows_file allows_memory allows_modified names_program object_wants program_wants
          holds].
      * rewrite Hw by exact Hreal. now rewrite andb_assoc.
      * rewrite Hw by apply no_properties_real.
        btauto.
      * rewrite Hw by exact Hreal. now rewrite andb_assoc.
    + split; [| split; auto; cbn [never_match object_wants]; rewrite roots_never;
                eapply lonely_rest; eauto].
      rewrite meets_never. symmetry.
      destruct o as [own | program | own]; unfold meets; cbn [holds].
      * rewrite <- andb_assoc, Hw by exact Hreal. apply andb_false_r.
      * specialize (Hw _ no_properties_real).
        apply andb_false_iff in Hw as [-> | ->]; btauto.
      * rewrite <- andb_assoc, Hw by exact Hreal. apply andb_false_r.
  - cbn [flat_map] in Hp.
    assert (Hparameter : is_parameter p = true -> from_parameter (program_wants c) = None).
    { intro H. destruct p as [| [d |] | | |]; try discriminate.
      apply (lonely_parameter _ _ _ Hp). }
    cbn [collect]. cbn [program_wants].
    pose proof (fun f Hf => want_satisfies f (program_wants c) p Hf Hparameter) as Hw.
    destruct (want k a (program_wants c) p) as [w |] eqn:E.
    + split; [| split; auto; cbn [program_wants]; eapply want_lonely; eauto].
      destruct o as [own | program | own]; unfold meets;
        cbn [allows_file allows_memory allows_modified names_program object_wants program_wants
          holds negb].
      * now rewrite !andb_false_r.
      * rewrite Hw by exact Hreal. now rewrite andb_assoc.
      * now rewrite !andb_false_r.
    + split; [| split; auto; cbn [never_match program_wants]; rewrite roots_never;
                eapply lonely_rest; eauto].
      rewrite meets_never. symmetry.
      destruct o as [own | program | own]; unfold meets; cbn [holds].
      * apply andb_false_r.
      * rewrite <- andb_assoc, Hw by exact Hreal. apply andb_false_r.
      * apply andb_false_r.
  - split; [| split; auto].
    destruct o as [own | program | own]; unfold meets;
      cbn [collect allows_file allows_memory allows_modified names_program object_wants
        program_wants holds]; destruct v; cbn [negb eqb]; btauto.
  - split; [| split; auto].
    destruct o as [own | program | own]; unfold meets;
      cbn [collect allows_file allows_memory allows_modified names_program object_wants
        program_wants holds]; destruct v; cbn [negb eqb]; btauto.
Qed.

Lemma fold_collect_meets : forall o conds c,
  real_object a o -> collectable c conds ->
  meets o (fold_left (collect k a) conds c) = meets o c && forallb (holds k o) conds /\
  collectable (fold_left (collect k a) conds c) [].
Proof.
  induction conds as [| new rest IH]; intros c Hreal Hc; cbn [fold_left forallb].
  - split; auto. now rewrite andb_true_r.
  - destruct (collect_meets o c new rest Hreal Hc) as [H1 H2].
    destruct (IH _ Hreal H2) as [H3 H4]. split; auto.
    now rewrite H3, H1, andb_assoc.
Qed.

(** * A rule in one row *)

(** Whether a rule with what is wanted matches flags and digests. *)
Definition accepts (c : N) (fsv dmv : option digest) (w : wanting) : bool :=
  N.testbit (combinations w) c &&
  match fsverity w with Some d => is_digest d fsv | None => true end &&
  existsb (fun wanted => match wanted with Some d => is_digest d dmv | None => true end)
    (root_hashes k w).

Lemma accepts_satisfies : forall f w,
  lonely (roots w ++ []) ->
  accepts (combination f) (fsverity_digest f) (dmverity_roothash f) w = satisfies f w.
Proof.
  intros f w H. unfold accepts, satisfies, root_hashes. rewrite app_nil_r in H.
  destruct (from_parameter w) as [parameter |] eqn:Hp.
  - assert (Hd : dmverity w = None).
    { unfold roots in H. rewrite Hp in H. destruct (dmverity w); auto.
      destruct H as [H | H]; simpl in H; [lia | discriminate]. }
    rewrite Hd. destruct (named k parameter) as [digests |].
    + rewrite existsb_map. btauto.
    + cbn [existsb]. btauto.
  - cbn [existsb]. destruct (dmverity w); btauto.
Qed.

Lemma satisfies_memory : forall w,
  satisfies no_properties w = N.testbit (combinations w) no_flag && negb (has_digest w).
Proof.
  intro w. unfold satisfies, has_digest, no_flag.
  change (combination no_properties) with 0.
  destruct (N.testbit _ _), (fsverity w), (dmverity w), (from_parameter w) as [parameter |];
    cbn -[existsb]; auto.
  destruct (named k parameter) as [digests |]; auto.
  cbn [andb]. induction digests as [| d digests IH]; auto.
Qed.

(** A rule's conditions hold exactly where what it wants in the object's row is there. *)
Theorem conditions_collected : forall o r,
  real_object a o -> well_formed_rule r ->
  forallb (holds k o) (conditions r) =
  match wants_of (fold_left (collect k a) (conditions r) always) (class_of o) with
  | Some w =>
      let f := properties_of o in
      accepts (combination f) (fsverity_digest f) (dmverity_roothash f) w
  | None => false
  end.
Proof.
  intros o r Hreal (Ho & Hp & _).
  destruct (fold_collect_meets o (conditions r) always Hreal) as [H1 [H2 H3]];
    [split; [exact Ho | exact Hp] |].
  rewrite meets_always in H1. cbn [andb] in H1. rewrite <- H1. clear H1.
  set (c := fold_left (collect k a) (conditions r) always) in *.
  cbn [flat_map] in H2, H3.
  destruct o as [own | program | own]; unfold meets, wants_of; cbn [class_of properties_of].
  - destruct (allows_file c && negb (names_program c)); auto.
    cbn [andb]. now rewrite accepts_satisfies.
  - rewrite satisfies_memory, andb_assoc.
    destruct (allows_memory c && _ && _); auto.
    cbn [andb]. now rewrite accepts_satisfies.
  - destruct (allows_modified c && negb (names_program c)); auto.
    cbn [andb]. now rewrite accepts_satisfies.
Qed.

End Proofs.
