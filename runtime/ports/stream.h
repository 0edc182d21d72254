/* What both adapters say of a stream that is there already: in which points it is not what was asked for. */
#ifndef AEGIS_PORTS_STREAM_H
#define AEGIS_PORTS_STREAM_H

#include "ports/bus.h"

/* "limits", "workqueue", "interest"; "file", "memory"; "old", "new": as JetStream writes them. */
const char *aegis_retention_name(aegis_retention retention);
const char *aegis_storage_name(aegis_storage storage);
const char *aegis_discard_name(aegis_discard discard);

/* How long message ids are remembered: the server refuses a longer window than the stream's age. */
aegis_duration aegis_stream_window(const aegis_stream_config *config);

/* Fills `differs`, `difference` and `limits` of `info`. A zero in `wanted` stands for its default. */
void aegis_stream_compare(const aegis_stream_config *is, const aegis_stream_config *wanted,
                          aegis_stream_info *info);

#endif
