DROP TABLE IF EXISTS worker_records, job_links;
