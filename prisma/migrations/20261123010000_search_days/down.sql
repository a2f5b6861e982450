DROP FUNCTION bespin_jobs_of_days_containing(text[], text[], jsonb[], integer[], uuid, uuid, integer);
