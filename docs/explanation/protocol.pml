/* How do two writers share one journal? The protocol of protocol.md, for Spin.
 *
 *   spin -run protocol.pml                        epoch and head: no errors
 *   spin -DNO_EPOCH -run protocol.pml             head alone: no errors
 *   spin -DNO_HEAD -run protocol.pml              epoch alone: no errors
 *   spin -DRETRY -run protocol.pml                an append sent again as it was: no errors
 *   spin -DRETRY -DNO_EPOCH -run protocol.pml     head alone, append sent again: no errors
 *   spin -DRETRY -DNO_HEAD -run protocol.pml      epoch alone, append sent again: assertion violated
 *   spin -DNO_EPOCH -DNO_HEAD -run protocol.pml   lease alone: assertion violated
 *   spin -DEARLY_ACK -run protocol.pml            answered before the commit: assertion violated
 *   spin -DEARLY_LOAD -run protocol.pml           loaded before it leads: assertion violated
 *
 * then `spin -t -p` with the same -D before the file tells the way to the error. Spin 6.5 looks at 74,571
 * states for the first, at 309,220 for the fourth.
 *
 * Whoever likes may take over at any time: clocks are not trusted. What a writer sent is carried out at
 * once, late or never; its reply may be lost; a writer may stop at any time, and forgets everything then.
 * Left out, and looked at by `python -m torture.protocol`: snapshots and pruning, the inbox, three writers.
 */

#define WRITERS  2
#define COMMANDS 2          /* ann and bob both want the interaction */
#ifdef RETRY
#define EPOCHS   2
#else
#define EPOCHS   3
#endif
#define ROOM     4          /* so many appends are on their way at most */
#define LONG     4          /* so many entries has the journal at most */

#ifdef NO_EPOCH
#define EPOCH_OK true
#else
#define EPOCH_OK (flying[at].epoch == epoch)
#endif

#ifdef NO_HEAD
#define HEAD_OK true
#else
#define HEAD_OK (flying[at].head == head)
#endif

typedef Append {
    bool sent;              /* it is on its way */
    byte epoch;
    byte head;
    byte key;               /* whose command: 1 or 2 */
    bool gives;             /* the interaction is given to her; else she is refused */
    bool again;             /* it is the second one of its kind */
    byte by                 /* who waits for the reply */
}

/* The store. */
byte epoch, head;
byte holders;               /* so many were given the interaction */
bool in_log[COMMANDS + 1];  /* her command is in the journal */
bool gave[COMMANDS + 1];    /* and she has the interaction */
byte last;                  /* the epoch of the newest entry */

/* The clients. */
bool told[COMMANDS + 1];

/* The network. */
Append flying[ROOM];

/* What a writer hears: of which append (epoch, head, again), and whether it was carried out. */
chan reply[WRITERS] = [1] of { byte, byte, bool, bool };

/* The store carries something out, sooner or later. */
active proctype store() {
    byte at;
    bool passed;
end:
    do
    :: atomic {
            if
            :: flying[0].sent -> at = 0
            :: flying[1].sent -> at = 1
            :: flying[2].sent -> at = 2
            :: flying[3].sent -> at = 3
            fi;
            passed = EPOCH_OK && HEAD_OK;
            if
            :: passed ->
                assert(!in_log[flying[at].key]);            /* one effect for a key */
                assert(!flying[at].gives || holders == 0);  /* one holder */
                assert(flying[at].epoch >= last);           /* epochs rise */
                assert(head < LONG);
                in_log[flying[at].key] = true;
                gave[flying[at].key] = flying[at].gives;
                holders = holders + flying[at].gives;
                last = flying[at].epoch;
                head++
            :: else
            fi;
            flying[at].sent = false;
            if
            :: reply[flying[at].by]!flying[at].epoch, flying[at].head, flying[at].again, passed
            :: true                                         /* the reply is lost */
            fi;
            flying[at].epoch = 0; flying[at].head = 0; flying[at].key = 0;
            flying[at].gives = false; flying[at].by = 0; flying[at].again = false;
            at = 0; passed = false
       }
    od
}

/* Put an append on its way, if there is room. */
inline send(k, g) {
    if
    :: !flying[0].sent -> slot = 0
    :: flying[0].sent && !flying[1].sent -> slot = 1
    :: flying[0].sent && flying[1].sent && !flying[2].sent -> slot = 2
    :: flying[0].sent && flying[1].sent && flying[2].sent && !flying[3].sent -> slot = 3
    fi;
    flying[slot].epoch = mine; flying[slot].head = known;
    flying[slot].key = k; flying[slot].gives = g;
    flying[slot].by = me; flying[slot].again = again;
    flying[slot].sent = true;
    slot = 0
}

/* Believe the journal as it stands. */
inline load() {
    has[1] = in_log[1]; has[2] = in_log[2];
    taken = (gave[1] || gave[2])
}

inline must_know() {
    assert(!told[1] || has[1]);                             /* whoever was told, is known of */
    assert(!told[2] || has[2])
}

proctype writer(byte me) {
    byte mine, known, key, slot;
    bool taken, gives, ok, again;
    bool has[COMMANDS + 1];
idle:
    atomic {
        mine = 0; known = 0; key = 0; gives = false; again = false; ok = false;
        has[1] = false; has[2] = false; taken = false
    }
#ifdef EARLY_LOAD
    atomic { load() }
#endif
    /* Take over: the lease of whoever leads may have run out. */
end_idle:
    atomic {
        epoch < EPOCHS -> epoch++; mine = epoch; known = head;
#ifndef EARLY_LOAD
        load();
#endif
        must_know()
    }
lead:
    atomic {
        if
        :: key = 1
        :: key = 2
        :: goto idle                                        /* it stops */
        fi;
        if
        :: has[key] -> told[key] = true; key = 0; goto lead /* known: answered from memory */
        :: else
        fi;
        gives = !taken;
        send(key, gives);
#ifdef EARLY_ACK
        told[key] = true
#endif
    }
await:
    atomic {
        if
        :: reply[me]?eval(mine), eval(known), eval(again), ok ->
            if
            :: ok ->
                known++; has[key] = true; taken = taken || gives; told[key] = true;
                key = 0; gives = false; again = false; ok = false;
                goto lead
            :: else -> goto idle                            /* deposed */
            fi
        :: reply[me]?[_, _, _, _] && !(reply[me]?[eval(mine), eval(known), eval(again), _]) ->
            reply[me]?_, _, _, _;                           /* of an append that it gave up */
            goto await
        :: goto idle                                        /* it stops, or has waited long enough */
#ifdef RETRY
        :: !again ->
            again = true;
            send(key, gives);
            goto await
#endif
        fi
    }
}

init {
    atomic { run writer(0); run writer(1) }
}
