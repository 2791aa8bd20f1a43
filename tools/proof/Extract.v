(* SPDX-License-Identifier: GPL-2.0-only *)

(** The meaning and the compiled form as a program in OCaml, see [driver.ml]. *)

From Coq Require Import Extraction ExtrOcamlBasic.
From Ipe Require Import Meaning Compiled.

Extraction Language OCaml.
Extraction "model.ml" meaning asked no_properties compile decide evaluate class_of class_in combination properties_of
  verdict_of.
