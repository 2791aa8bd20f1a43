(* SPDX-License-Identifier: GPL-2.0-only *)

(** The theorems, and what they rest on: [tools/proof/run] prints both and refuses axioms. *)

From Ipe Require Import Meaning Compiled IndexCorrect Correct AskedCorrect BoundCorrect.

Check compiled_decides.
Print Assumptions compiled_decides.
Check compiled_names.
Print Assumptions compiled_names.
Check modified_where_told.
Print Assumptions modified_where_told.
Check rule_at_end.
Print Assumptions rule_at_end.
Check asks_fsverity_where_named.
Print Assumptions asks_fsverity_where_named.
Check asks_dmverity_where_named.
Print Assumptions asks_dmverity_where_named.
Check program_need_not_be_known.
Print Assumptions program_need_not_be_known.
Check index_finds.
Print Assumptions index_finds.
Check lookups_end.
Print Assumptions lookups_end.
Check compiled_lookups_are_short.
Print Assumptions compiled_lookups_are_short.
