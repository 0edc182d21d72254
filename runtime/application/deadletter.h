/* What a dead letter is made of, for deadletter.c, which writes them, and letters.c, which reads them.
 * idl/WIRE.md describes it for others. */
#ifndef AEGIS_APPLICATION_DEADLETTER_H
#define AEGIS_APPLICATION_DEADLETTER_H

#define AEGIS_LETTER_SUBJECT    "Aegis-Subject"
#define AEGIS_LETTER_ERROR      "Aegis-Error"
#define AEGIS_LETTER_FAILURE    "Aegis-Failure"
#define AEGIS_LETTER_SERVICE    "Aegis-Service"
#define AEGIS_LETTER_INSTANCE   "Aegis-Instance"
#define AEGIS_LETTER_DELIVERIES "Aegis-Deliveries"
#define AEGIS_LETTER_ATTEMPTS   "Aegis-Attempts"
#define AEGIS_LETTER_SEQUENCE   "Aegis-Sequence"
#define AEGIS_LETTER_STORED     "Aegis-Stored"
#define AEGIS_LETTER_TIME       "Aegis-Time"
#define AEGIS_LETTER_DROPPED    "Aegis-Body-Dropped"
/* Before the name of each header of the message. */
#define AEGIS_LETTER_ORIGINAL "Aegis-Original-"

/* On a replayed event: the one service it is for. */
#define AEGIS_REPLAY_FOR "Aegis-Replay-For"

#endif
