(* SPDX-License-Identifier: GPL-2.0-only *)

(** Facts about comparisons, lists and numbers that the proofs share. *)

From Coq Require Import Bool List NArith Arith Lia.
From Ipe Require Import Meaning Compiled.
Import ListNotations.
Open Scope N_scope.

(* Their numbers are large. No proof computes with them. *)
Global Arguments chain_of : simpl never.
Global Arguments chain_of_entry : simpl never.
Global Arguments hash_of : simpl never.
Global Arguments tag_of : simpl never.
Global Arguments outcome_of : simpl never.
Global Arguments none : simpl never.
Global Arguments key_of : simpl never.
Global Arguments combination : simpl never.
Global Arguments with_flag : simpl never.

(** * Comparisons *)

Lemma same_bytes_iff : forall x y, same_bytes x y = true <-> x = y.
Proof.
  induction x as [| n x IH]; destruct y as [| m y]; simpl; split; intro H; try easy.
  - apply andb_true_iff in H as [Hn Hx].
    apply N.eqb_eq in Hn. apply IH in Hx. now subst.
  - injection H as -> ->. apply andb_true_iff. split; [apply N.eqb_refl | now apply IH].
Qed.

Lemma same_digest_iff : forall x y, same_digest x y = true <-> x = y.
Proof.
  intros [ax bx] [ay by_]. unfold same_digest. simpl.
  rewrite andb_true_iff, N.eqb_eq, same_bytes_iff.
  split; [intros [-> ->] | intro H; injection H]; auto.
Qed.

Lemma same_digest_refl : forall d, same_digest d d = true.
Proof. intro d. now apply same_digest_iff. Qed.

Lemma same_operation_iff : forall x y, same_operation x y = true <-> x = y.
Proof. intros x y. destruct x, y; simpl; split; congruence. Qed.

Lemma same_row_iff : forall x y, same_row x y = true <-> x = y.
Proof.
  intros [ox cx] [oy cy]. unfold same_row. simpl.
  rewrite andb_true_iff, same_operation_iff, N.eqb_eq.
  split; [intros [-> H]; destruct cx, cy; simpl in H; congruence | intro H; injection H as -> ->; auto].
Qed.

(** * Lists *)

Lemma find_filter : forall {A} (f : A -> bool) l, find f l = hd_error (filter f l).
Proof. induction l as [| x l IH]; simpl; auto. destruct (f x); auto. Qed.

Lemma find_app : forall {A} (f : A -> bool) l l',
  find f (l ++ l') = match find f l with Some x => Some x | None => find f l' end.
Proof. induction l as [| x l IH]; intro l'; simpl; auto. destruct (f x); auto. Qed.

Lemma find_none_filter : forall {A} (f : A -> bool) l, find f l = None <-> filter f l = [].
Proof.
  intros A f l. rewrite find_filter. destruct (filter f l); simpl; split; congruence.
Qed.

Lemma filter_filter : forall {A} (f g : A -> bool) l,
  (forall x, In x l -> f x = true -> g x = true) -> filter f (filter g l) = filter f l.
Proof.
  induction l as [| x l IH]; simpl; intro H; auto.
  destruct (g x) eqn:G; simpl.
  - destruct (f x); rewrite IH; auto.
  - destruct (f x) eqn:F.
    + rewrite H in G; auto. discriminate.
    + apply IH. auto.
Qed.

Lemma filter_map : forall {A B} (f : B -> bool) (g : A -> B) l,
  filter f (map g l) = map g (filter (fun x => f (g x)) l).
Proof. induction l as [| x l IH]; simpl; auto. destruct (f (g x)); simpl; now rewrite IH. Qed.

Lemma filter_rev : forall {A} (f : A -> bool) l, filter f (rev l) = rev (filter f l).
Proof.
  induction l as [| x l IH]; simpl; auto.
  rewrite filter_app, IH. simpl. destruct (f x); simpl; auto using app_nil_r.
Qed.

Lemma rev_short : forall {A} (l : list A), (length l <= 1)%nat -> rev l = l.
Proof. intros A [| x [| y l]] H; simpl in *; auto. lia. Qed.

Lemma filter_ext_list : forall {A} (f g : A -> bool) l,
  (forall x, In x l -> f x = g x) -> filter f l = filter g l.
Proof.
  induction l as [| x l IH]; simpl; intro H; auto.
  rewrite H, IH; auto.
Qed.

Lemma find_ext_list : forall {A} (f g : A -> bool) l,
  (forall x, In x l -> f x = g x) -> find f l = find g l.
Proof. intros. rewrite !find_filter. f_equal. now apply filter_ext_list. Qed.

Lemma existsb_map : forall {A B} (f : B -> bool) (g : A -> B) l,
  existsb f (map g l) = existsb (fun x => f (g x)) l.
Proof. induction l as [| x l IH]; simpl; auto. now rewrite IH. Qed.

Lemma existsb_find : forall {A} (f : A -> bool) l, existsb f l = is_some (find f l).
Proof. induction l as [| x l IH]; simpl; auto. destruct (f x); auto. Qed.

(** * Numbers *)

Lemma ldiff_testbit : forall x y c,
  N.testbit (N.ldiff x y) c = N.testbit x c && negb (N.testbit y c).
Proof. intros. apply N.ldiff_spec. Qed.

Lemma zero_has_no_bit : forall x c, x = 0 -> N.testbit x c = false.
Proof. intros x c ->. apply N.bits_0. Qed.

(** A minimum that is not computed where it cannot change anything. *)
Lemma min_skipped : forall bound first x,
  bound <= x -> (if bound <? first then N.min first x else first) = N.min first x.
Proof. intros. destruct (N.ltb_spec bound first); lia. Qed.

Lemma min_if_below : forall (b : bool) o x y, x <= y -> (if b then N.min o x else x) <= y.
Proof. intros [] o x y H; auto. lia. Qed.
