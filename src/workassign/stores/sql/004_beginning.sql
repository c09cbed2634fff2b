-- Where a journal begins whose oldest entries were removed: guarded by the row that guards everything.
ALTER TABLE workassign.shard
    ADD COLUMN begins bigint NOT NULL DEFAULT 1,  -- the first entry behind the header that is there
    ADD COLUMN begins_crc bigint NOT NULL DEFAULT 0,  -- the checksum of the entry before
    ADD COLUMN pruned_at float8;  -- when the last ones were removed, POSIX seconds
