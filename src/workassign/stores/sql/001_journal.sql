-- Where a journal stands in PostgreSQL: one row for each shard, which guards everything of it.
CREATE SCHEMA workassign;

CREATE TABLE workassign.layout (
    number integer PRIMARY KEY,
    made timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE workassign.shard (
    name text PRIMARY KEY,
    epoch bigint NOT NULL DEFAULT 0,  -- rises with every leader
    head bigint NOT NULL DEFAULT -1,  -- the seq of the last entry
    crc bigint NOT NULL DEFAULT 0,  -- the checksum of the last entry
    owner uuid,  -- a leader is a process, not a machine: the id is made anew with every start
    lease_until timestamptz NOT NULL DEFAULT '-infinity',
    locks boolean NOT NULL DEFAULT false  -- the leader's session holds the advisory lock
) WITH (fillfactor = 20);

CREATE TABLE workassign.journal (
    shard text NOT NULL REFERENCES workassign.shard,
    seq bigint NOT NULL,
    epoch bigint NOT NULL,
    crc bigint NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (shard, seq)
);

CREATE TABLE workassign.snapshot (
    shard text NOT NULL REFERENCES workassign.shard,
    seq bigint NOT NULL,
    epoch bigint NOT NULL,
    crc bigint NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (shard, seq)
);
ALTER TABLE workassign.snapshot ALTER COLUMN body SET STORAGE EXTERNAL;
