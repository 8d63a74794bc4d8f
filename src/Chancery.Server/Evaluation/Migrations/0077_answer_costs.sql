-- What the answer alone cost, without its judges; null of results from before it was kept.
ALTER TABLE eval_results ADD COLUMN answer_nano bigint;
