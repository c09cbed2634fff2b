-- What processes that do not lead ask of the one that does, and what they were answered.
CREATE TABLE workassign.inbox (
    id uuid PRIMARY KEY,
    number bigint GENERATED ALWAYS AS IDENTITY,  -- the order in which they are carried out
    shard text NOT NULL,
    asker uuid NOT NULL,  -- whom to notify
    until timestamptz NOT NULL,  -- then nobody waits for it any more
    body bytea NOT NULL,
    attempts integer NOT NULL DEFAULT 0,  -- so many leaders have taken it
    outcome text,  -- null: it has none yet
    answer bytea,
    answered timestamptz
);
CREATE INDEX inbox_waiting ON workassign.inbox (shard, number) WHERE outcome IS NULL;
CREATE INDEX inbox_answered ON workassign.inbox (shard, answered) WHERE outcome IS NOT NULL;
