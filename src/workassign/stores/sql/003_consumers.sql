-- Where each reader of a shard's events stands: the number of the last event that it was told.
CREATE TABLE workassign.consumer (
    shard text NOT NULL REFERENCES workassign.shard,
    name text NOT NULL,
    seq bigint NOT NULL,
    crc bigint NOT NULL,
    PRIMARY KEY (shard, name)
) WITH (fillfactor = 50);
