/* A connection to a message bus. The URL chooses the engine; nothing else in a program changes with it.
 *
 *   nats://host:4222[,nats://other:4222]   a NATS server or cluster, with JetStream for events and commands
 *   mem:                                   inside this process: no server, the same semantics
 */
#ifndef AEGIS_BUS_H
#define AEGIS_BUS_H

#include <aegis/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A bus. Any thread. Close it last: clients and publishers made on it must be gone before; services that are left are
 *  stopped and freed with it. */
typedef struct aegis_bus aegis_bus;

typedef enum aegis_log_level {
    AEGIS_LOG_DEBUG = 0,
    AEGIS_LOG_INFO = 1,
    AEGIS_LOG_WARNING = 2,
    AEGIS_LOG_ERROR = 3
} aegis_log_level;

/** Receives one line without a newline. Called from any thread, holding no lock. */
typedef void (*aegis_log_function)(void *user, aegis_log_level level, const char *line);

struct aegis_span; /* <aegis/trace.h> */
/** Told of a span when it starts, or ends. Called on the thread that works on it, holding no lock. */
typedef void (*aegis_span_function)(void *user, struct aegis_span *span);

/** Where what is stored is kept. */
typedef enum aegis_storage { AEGIS_STORE_FILE = 0, AEGIS_STORE_MEMORY = 1 } aegis_storage;

/** Name and limits of one stream, or of the bucket of results. Zero means the default, a negative limit none.
 *  They count where it is created; one that is there is never altered, and what is other than asked for is
 *  logged. docs/TOPOLOGY.md has the reasons for the defaults. */
typedef struct aegis_stream_options {
    const char *name;                  /**< a tenant is an account of the server's; else names can tell them apart */
    int64_t max_bytes;                 /**< the server reserves so much of its store */
    int64_t max_messages;
    aegis_duration max_age;
    aegis_duration duplicate_window;   /**< how long message ids are remembered; default 2 min */
} aegis_stream_options;

/** All optional: zero means the default. Strings are copied. */
typedef struct aegis_options {
    const char *name;                  /**< connection name as servers show it; default the program's */
    aegis_duration connect_timeout;    /**< for the first connection; default 2 s */
    aegis_format format;               /**< of what clients and publishers send; default MessagePack */
    const char *user;                  /**< NATS user name and password, or NULL; also user:password@ in the URL */
    const char *password;
    const char *token;                 /**< NATS token, or NULL; also token@ in the URL */
    const char *credentials_file;      /**< NATS .creds file (JWT and seed), or NULL */
    const char *nkey;                  /**< public user NKey ("U..."), or NULL; goes with nkey_seed_file */
    const char *nkey_seed_file;        /**< file that holds its seed ("SU..."); read for each connection */
    const char *tls_ca_file;           /**< PEM; any of tls_* or a tls:// URL asks for TLS. Default: the system's */
    const char *tls_certificate_file;  /**< PEM chain and key of this client, or NULL: for servers that verify */
    const char *tls_key_file;
    const char *tls_server_name;       /**< the server's certificate must be for it; default the URL's host name. With
                                            several servers, or an address, set it: else the name is not checked */
    const char *inbox_prefix;          /**< of subjects for answers, for accounts with few rights; default _INBOX */
    const char *jetstream_domain;      /**< of streams and buckets; default: the server's own */
    uint32_t rpc_connections;          /**< to NATS, for calls; the least busy one is used. Default 1 */
    uint32_t bulk_connections;         /**< for streams and buckets, made when first needed. Default 1; 16 with the
                                            above at most */
    aegis_stream_options events;       /**< EVENTS: 1 GiB, then the oldest are forgotten */
    aegis_stream_options commands;     /**< COMMANDS: 256 MiB, then commands are refused */
    aegis_stream_options dead_letters; /**< AEGIS_DLQ: 256 MiB, then messages stay where they came from */
    aegis_stream_options results;      /**< bucket aegis_commands: 24 hours, so long can a result be read; has
                                            max_bytes (default: none) and no other limits */
    uint32_t replicas;                 /**< of all of them, 1 to 5; default 1. Three survive the loss of a server */
    aegis_storage storage;             /**< of all of them; default: files */
    aegis_duration heartbeat;          /**< of services, to the registry; one not heard of for three of them is gone. The
                                            same for all who use a registry; default 10 s, at least 100 ms */
    const aegis_allocator *allocator;  /**< default: the C library's; must outlive the bus */
    aegis_log_function log;            /**< default: nothing is logged */
    void *log_user;
    aegis_span_function span_start;    /**< default: no spans are made */
    aegis_span_function span_end;
    void *span_user;
    double trace_ratio;                /**< share of traces that are sampled, decided from the trace id; default 1,
                                            negative: none */
} aegis_options;

/** Connect. On success `*bus` is the caller's, to be closed with aegis_close.
 *  Errors: INVALID_ARGUMENT for a URL it cannot read; UNAVAILABLE, naming the URL tried and what to do, when no server
 *  answers within connect_timeout. `options` and `error` may be NULL. */
AEGIS_API aegis_status aegis_open(const char *url, const aegis_options *options, aegis_bus **bus, aegis_error *error);

/** One line of the program's own to the bus's log function. During a call, on its handler's thread, the line begins
 *  with its method, trace id and caller, as the library's lines do. */
AEGIS_API void aegis_bus_log(aegis_bus *bus, aegis_log_level level, const char *format, ...) AEGIS_PRINTF(3, 4);

/** Flush what was accepted, disconnect, free. NULL is fine. */
AEGIS_API void aegis_close(aegis_bus *bus);

/** Block until SIGINT or SIGTERM arrives (or aegis_stop is called), then drain and stop every service on the bus:
 *  what runs is finished and answered, what did not start is handed back. The services stay to be freed, by
 *  aegis_service_stop or aegis_close. The only function that touches signals;
 *  earlier handlers are put back before it returns. One caller per process at a time: a second one gets
 *  FAILED_PRECONDITION. A second signal while draining ends the wait for handlers. */
AEGIS_API aegis_status aegis_run(aegis_bus *bus, aegis_error *error);

/** Make aegis_run return as if a signal had arrived. Any thread. */
AEGIS_API void aegis_stop(aegis_bus *bus);

#ifdef __cplusplus
}
#endif

#endif
