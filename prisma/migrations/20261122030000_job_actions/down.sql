DROP TABLE IF EXISTS job_action_items, job_actions;
