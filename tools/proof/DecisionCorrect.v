(* SPDX-License-Identifier: GPL-2.0-only *)

(** A decision that takes short cuts finds what it would find if it asked for everything. *)

From Coq Require Import Bool List NArith Lia.
From Ipe Require Import Meaning Compiled Basics.
Import ListNotations.
Open Scope N_scope.

(** The result of a lookup, [none] where there are no digests to look for. *)
Definition if_given (given : bool) (found : outcome) : outcome := if given then found else none.

Ltac compare_all :=
  cbn [run is_some orb andb negb fsverity_digest dmverity_roothash];
  try match goal with
  | |- context [?x <? ?y] => destruct (N.ltb_spec x y); compare_all
  end.

(** The outcome is the smallest of the slot and of what each lookup would find. *)
Lemma decide_row_minimum : forall hash p name c f may,
  let r := table p name in
  let fsv := fsverity_digest f in
  let dmv := dmverity_roothash f in
  slots r c <= none ->
  any_fsverity r = N.min (first_fsverity r) (first_both r) ->
  (may = false -> fsv = None) ->
  (is_some fsv = true -> first_fsverity r <= find_entry hash p name c fsv None) ->
  (is_some dmv = true -> first_dmverity r <= find_entry hash p name c None dmv) ->
  (is_some fsv && is_some dmv = true -> first_both r <= find_entry hash p name c fsv dmv) ->
  run f may (decide_row hash p name c) =
  N.min (slots r c)
    (N.min (if_given (is_some fsv) (find_entry hash p name c fsv None))
      (N.min (if_given (is_some dmv) (find_entry hash p name c None dmv))
        (if_given (is_some fsv && is_some dmv) (find_entry hash p name c fsv dmv)))).
Proof.
  intros hash p name c [b1 b2 b3 dmv fsv] may. cbn [fsverity_digest dmverity_roothash].
  cbv zeta. intros Hslot Hany Hmay Hf Hd Hb.
  unfold decide_row, look_up, look_up_any, look_up_fsverity, look_up_roothash, if_given.
  rewrite Hany. clear Hany.
  (* Whatever these numbers are. *)
  generalize dependent (slots (table p name) c).
  generalize dependent (first_fsverity (table p name)).
  generalize dependent (first_dmverity (table p name)).
  generalize dependent (first_both (table p name)).
  generalize none.
  intros largest first_b Hb first_d Hd first_f Hf slot Hslot.
  unfold outcome in *.
  destruct fsv as [fsv |], dmv as [dmv |]; cbn [is_some andb] in *;
    try specialize (Hf eq_refl); try specialize (Hd eq_refl); try specialize (Hb eq_refl).
  - destruct may; [clear Hmay | now discriminate Hmay].
    compare_all; lia.
  - destruct may; [clear Hmay | now discriminate Hmay].
    clear Hd Hb.
    compare_all; lia.
  - clear Hmay Hf Hb.
    destruct may; compare_all; lia.
  - clear Hmay Hf Hd Hb. destruct may; compare_all; lia.
Qed.
