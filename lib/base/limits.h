/*
 * Every ceiling on what bytes from media or network may make us do, in one
 * place.  Each one says what genuine input needs and what the ceiling costs.
 * docs/SECURITY.md repeats the table; tests probe each at the limit and above.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

/* One column of remarks: clang-format would align each group on its own. */
/* clang-format off */

/* ---- what lies on a medium (docs/FORMAT.md) ---- */
#define LIMIT_MANIFEST_BYTES (64u << 10)      /* the only thing signed; genuine: 1 KiB */
#define LIMIT_MANIFEST_LINES 512u             /* 18, and the most of each list: 482 */
#define LIMIT_AUDIENCES 64u                   /* sites that one bundle is for; genuine: 1 to 10 */
#define LIMIT_HISTORY 256u                    /* MANIFESTs named before the previous one */
#define LIMIT_WITHDRAWN 64u                   /* sources that an increment takes away; genuine: 0 */
#define LIMIT_ORIGINS 16u                     /* enclaves in a row; genuine: 0 to 2 */
#define LIMIT_CHUNKS_SHARED 64u               /* chunks that wait for another worker, 4 MiB each; genuine: 10 */
#define LIMIT_TEXT_LINE 512u                  /* bytes of one line in any of our text files */
#define LIMIT_SIGNATURE_BYTES (16u << 10)     /* one .p7s; genuine: 1.0 kB */
#define LIMIT_SIGNATURES 16u                  /* files in sigs/ */
#define LIMIT_OVERRIDE_BYTES 512u              /* a permission; genuine: 0.2 KiB */
#define LIMIT_RECEIPT_BYTES 4096u             /* a receipt with its signature; genuine: 2.3 KiB */
#define LIMIT_RECEIPT_SIGNATURE 2016u         /* 42 lines of 48 bytes; genuine: 1.1 kB */
#define LIMIT_SCAN_BYTES (64u << 10)          /* what a scanner wrote; genuine: 3 KiB */
#define LIMIT_TRUST_BYTES (64u << 10)         /* one trust root */
#define LIMIT_TRUST_VERSIONS 1024u
#define LIMIT_TRUST_KEYS 128u
#define LIMIT_TRUST_REVOKED_KEYS 128u
#define LIMIT_TRUST_REVOKED_BUNDLES 64u       /* with all keys still one trust root */
#define LIMIT_TRUST_FILES 8192u               /* in a trust directory */
#define LIMIT_CERTIFICATE_BYTES (16u << 10)
#define LIMIT_SUMS_BYTES (1u << 20)           /* SHA256SUMS, 4096 files */
#define LIMIT_CHUNKS_BYTES (192u << 20)       /* CHUNKS: 2 M lines of 85 bytes */
#define LIMIT_OBJECTS_BYTES (1ull << 30)      /* OBJECTS: 4 M lines */
#define LIMIT_OBJECTS 4000000u
#define LIMIT_VOLUMES 9999u                   /* vol-0001.tar ... vol-9999.tar */
#define LIMIT_MEDIUM_FILES 131072u            /* entries of a directory with volumes; genuine: 100 */
#define LIMIT_SEGMENTS 65536u                 /* files that volumes are cut into, on all media at once; CDs for 5 TiB: 7,600 */
#define LIMIT_OBJECT_BYTES (64ull << 30)      /* one content object; genuine: 12 GB */
#define LIMIT_VOLUME_BYTES (1ull << 40)       /* one volume file; a tape takes several */
#define LIMIT_CHUNKS (2u << 20)               /* lines of CHUNKS: 8 TiB; costs 64 MiB */
#define LIMIT_SUMS 4096u                      /* lines of SHA256SUMS; genuine: 10 */
#define LIMIT_NEED_BYTES (512u << 20)         /* need list: LIMIT_OBJECTS lines; genuine: some KiB */
#define LIMIT_SOURCES 64u                     /* source lines of a MANIFEST; genuine: 1 to 3 */
#define LIMIT_OBJECT_NAMES (96u << 20)        /* bytes of all names in OBJECTS together */
#define LIMIT_OPEN_SPLITS 1024u               /* objects begun, not ended: 8 TiB / 8 GiB is 1024 */

/* ---- the export log (docs/FORMAT.md "Export log") ---- */
#define LIMIT_NOTE_BYTES (32u << 10)          /* a checkpoint with its signatures; genuine: 1 KiB */
#define LIMIT_NOTE_SIGNATURES 16u             /* of one checkpoint; genuine: 1 and one per site */
#define LIMIT_LOG_NODES_BYTES (1u << 20)      /* log/nodes; genuine: 100 bytes for each bundle back */
#define LIMIT_LOG_NODES 16384u                /* its lines */
#define LIMIT_TLOG_PROOF_BYTES (48u << 10)    /* a place in the log, with its checkpoint */
#define LIMIT_PROOF_BYTES (4u << 20)          /* the proof of one object; genuine: 10 KiB */
#define LIMIT_PROOF_FILES 24u                 /* files in it: those of sigs/ and 5 others */

/* ---- ledgers (docs/FORMAT.md "Ledger") ---- */
#define LIMIT_LEDGER_LINE 4096u               /* bytes of one record; genuine: 300 */
#define LIMIT_LEDGER_BYTES (256u << 20)       /* one ledger; genuine: 100 KiB a year */

/* ---- configuration and state of jobs ---- */
#define LIMIT_CONF_BYTES (64u << 10)          /* one configuration file; genuine: 1 KiB */
#define LIMIT_JOBS 256u                       /* in all configuration directories together */
#define LIMIT_JOB_DROPINS 64u                 /* of one job */
#define LIMIT_JOB_SOURCES 16u                 /* of one job; genuine: 1 or 2 */
#define LIMIT_JOB_HISTORY 1000u               /* lines that are kept; a daily job: three years */
#define LIMIT_JOB_STATE_BYTES (4u << 20)      /* state.json or history.jsonl; genuine: 1 MiB */
#define LIMIT_JOB_OUTPUT_BYTES (64u << 10)    /* read from a program that a job starts */
#define LIMIT_OUTBOX 100000u                  /* entries of gapferry/ in an outbox */

/* ---- between processes (lib/sandbox) ---- */
#define LIMIT_SANDBOX_FRAME (1u << 20)        /* one piece of a message */
#define LIMIT_SANDBOX_MESSAGE (64u << 20)     /* one message; genuine: 6 MiB */
#define LIMIT_SANDBOX_RECORD (16u << 20)      /* what one fragment said: no more than LIMIT_FRAGMENT_BYTES */
#define LIMIT_SANDBOX_SILENCE_SECONDS 60u     /* without the next byte of an answer; genuine: 1 */

/* ---- the database ---- */
#define LIMIT_DB_VALUE (256u << 20)           /* one value; genuine: 10 MB, what is remembered of a catalog */

/* ---- packs of metadata fragments ---- */
#define LIMIT_PACK_BYTES (32u << 20)          /* decompressed; we write 4 MiB, one fragment may be 16 */
#define LIMIT_PACK_ENTRIES 65536u
#define LIMIT_LISTING_BYTES (16u << 20)       /* one part of a catalog listing, decompressed */
#define LIMIT_LISTINGS 4096u                  /* parts in one bundle: 134 M documents */
#define LIMIT_DELTA_DOCUMENTS 134217728u      /* of the list that a delta makes; genuine: 1.2 M */
#define LIMIT_ZSTD_WINDOW_LOG 23              /* 8 MiB */

/* ---- cabinets ---- */
#define LIMIT_CAB_OUTPUT_BYTES (16ull << 30)  /* decompressed members of one cabinet */
#define LIMIT_CAB_DEPTH 2                     /* wsusscn2.cab, then its package*.cab */
#define LIMIT_CAB_NAME 255u
#define LIMIT_CAB_FOLDERS 4096u               /* genuine: 1; each costs one decoder, in turn */
#define LIMIT_CAB_RATIO 200u                  /* output to cbCabinet; genuine: 38 on average */
#define LIMIT_CAB_SIGNATURE_BYTES (1u << 20)  /* what follows a signed cabinet; genuine: 15.7 kB */

#define LIMIT_SHARD_STATE (64u << 20)         /* what is kept of an inner cabinet; genuine: 2 MB each */
#define LIMIT_SHARD_BYTES (64u << 20)         /* inner cabinets held for workers; genuine: 9 MB each */

/* ---- Authenticode ---- */
#define LIMIT_AUTHENTICODE_SIGNATURES 4u      /* nested in one another; genuine: 2 */
#define LIMIT_AUTHENTICODE_CERTIFICATES 32u   /* in one signature; genuine: 4 */
#define LIMIT_AUTHENTICODE_ROOTS 64u          /* pinned certificates, and as many revocation lists */
#define LIMIT_AUTHENTICODE_ROOTS_BYTES (16u << 20) /* one file of them; Microsoft's lists: 1 MB */

/* ---- XML ---- */
#define LIMIT_XML_DEPTH 64u
#define LIMIT_XML_NAME 256u                   /* bytes of an element or attribute name */
#define LIMIT_XML_ATTRIBUTES 256u             /* per element; libxml2 is quadratic in them */
#define LIMIT_XML_TEXT (4u << 20)             /* bytes of one text node or attribute value */
#define LIMIT_FRAGMENT_BYTES (16u << 20)      /* one fragment; genuine: 1.2 MB */

/* ---- export packages of WSUS ---- */
#define LIMIT_WSUS_UNITS (16u << 20)          /* UTF-16 units of one document; genuine: 850,355 */
#define LIMIT_WSUS_PACKAGE_BYTES (1ull << 30) /* package.xml; genuine: 0.5 MB for 4,000 updates */
#define LIMIT_WSUS_XML_BYTES (64ull << 30)    /* an unpacked .xml.gz; no genuine one was seen */
#define LIMIT_WSUS_NAMES 1024u                /* different paths of elements that a probe counts */

/* ---- catalog ---- */
#define LIMIT_CATALOG_UPDATES 2000000u        /* one catalog; genuine 2026: 137,000 */
#define LIMIT_UPDATE_RELATIONS 65536u         /* references of one update; genuine: 120 */
#define LIMIT_UPDATE_LICENCES 1024u           /* licence texts of one update; genuine: 38 */
#define LIMIT_FINDINGS 100000u                /* kept per run; the rest is counted */

/* ---- update services (docs/PROTOCOL.md) ---- */
#define LIMIT_WUSP_RELATIONS 100000000u       /* references of all updates of a graph; genuine: 1.5 M */
#define LIMIT_WUSP_INSTALLED 400u             /* InstalledNonLeafUpdateIDs of one request; genuine: 94 */
#define LIMIT_WUSP_CATEGORIES 199u            /* of one category scan */
#define LIMIT_WUSP_PAGE 500u                  /* new updates of one answer; clients give up after 200 rounds */
#define LIMIT_WUSP_PAGE_BYTES (1u << 20)      /* of their core fragments; an answer has at least one update */
#define LIMIT_WUSP_GROWTH 8u                  /* or this part of what the client has, if that is more: at most 16 MiB */
#define LIMIT_WUSP_SCOPE 200000u              /* updates deployed to one client, who lists them in 4 MiB; more is a problem that is reported */
#define LIMIT_WUSP_DEVICE_IDS 4096u           /* hardware and compatible ids of one request; genuine: 700 */
#define LIMIT_WUSP_COMPUTERS 64u              /* ids of the kind of computer in one request; genuine: 15 */
#define LIMIT_WUSP_DRIVERS 65536u             /* targets of one driver; genuine: 400 */
#define LIMIT_VIEW_CACHE_BYTES (256u << 20)   /* fragments kept in memory once made; one scan: 10 MiB */
#define LIMIT_VIEW_SCOPES 256u                /* sets of groups kept prepared; genuine: 10 */
/* ---- selection and queries ---- */
#define LIMIT_SELECTION_VALUES 256u           /* of one selection; genuine: 10 */
#define LIMIT_SELECTION_BYTES (64u << 10)     /* its text; genuine: 1 KiB */
#define LIMIT_INVENTORY_BYTES (512u << 20)    /* the list of one; genuine: 20 MiB */
#define LIMIT_TREE_DEPTH 48u                  /* of a tree that is printed; genuine: 30 */
#define LIMIT_TREE_ITEMS 10000u               /* the rest is cut */

/* ---- requests to the server (docs/PROTOCOL.md) ---- */
#define LIMIT_HTTP_CONNECTIONS 4096u          /* at once; costs LIMIT_HTTP_MEMORY each */
#define LIMIT_HTTP_MEMORY (32u << 10)         /* headers of request and answer; genuine: 1 KiB */
#define LIMIT_HTTP_IDLE_SECONDS 75u           /* of a connection; clients expect at least 60 */
#define LIMIT_HTTP_REQUEST_SECONDS 120u       /* from one answer to the next request, complete */
#define LIMIT_HTTP_PER_ADDRESS 256u           /* connections of one address, unless told otherwise */
#define LIMIT_TLS_FILE (1u << 20)              /* bytes of --tls-cert and --tls-key */
#define LIMIT_HTTP_TARGET 2048u               /* bytes of path and query; genuine: 120 */
#define LIMIT_HTTP_DRAIN_SECONDS 10u          /* for answers on their way when the server stops */
#define LIMIT_RANGES 256u                     /* ranges of one request; genuine: 1 to about 20 */
#define LIMIT_API_PAGE 1000u                  /* rows of one answer */
#define LIMIT_API_FILES 10000u                /* files of one answer, its last update completed */
#define LIMIT_API_BYTES (64u << 20)           /* one JSON answer; genuine: 1 MiB */
#define LIMIT_QUERY_SCAN 250000u              /* rows looked at for one page: about half a second */
#define LIMIT_SOAP_BODY (4u << 20)            /* bytes of one request; genuine: 100 KiB, 1 MiB of devices */
#define LIMIT_SOAP_BODIES (256u << 20)        /* of all requests on their way */
#define LIMIT_SOAP_ANSWERS (256u << 20)       /* of all answers not yet sent; then requests wait */
#define LIMIT_SOAP_ITEMS 50000u               /* of one list; genuine: 20,000 cached updates */
#define LIMIT_SOAP_NUMBERS LIMIT_WUSP_SCOPE   /* of one list of numbers: all cached updates */
#define LIMIT_SOAP_TEXT (2u << 20)            /* bytes of one value; genuine: a status that names 2,000 updates, 74 kB */
#define LIMIT_SOAP_EXTENDED 50u               /* revisions of one GetExtendedUpdateInfo; clients are told */
#define LIMIT_SOAP_LOCALES 64u                /* languages that a client asks for; genuine: 1 to 4 */
#define LIMIT_SOAP_REPLY (64u << 20)          /* one answer; genuine: 1 MiB */

/* ---- computers and approvals (docs/PROTOCOL.md "Computers") ---- */
#define LIMIT_CLIENT_ID 255u                  /* bytes of a client id; genuine: a GUID */
#define LIMIT_COMPUTER_TEXT 127u              /* bytes kept of one text about a computer; genuine: 60 */
#define LIMIT_COMPUTERS 100000u               /* known at once; more are refused */
#define LIMIT_GROUPS 1000u
#define LIMIT_GROUP_NAME 127u                 /* bytes of a group's name */
#define LIMIT_GROUP_SET 16u                   /* groups of one computer */
#define LIMIT_GROUP_DEPTH 16u                 /* groups above one another */
#define LIMIT_APPROVALS 1000000u              /* rows; genuine: 20,000 */
#define LIMIT_APPROVAL_BY 63u                 /* bytes of who approved */
#define LIMIT_EVENTS_BATCH 1000u              /* events of one report; genuine: 1 to 50 */
#define LIMIT_EVENTS_COMPUTER 1000u           /* newest events kept of one computer */
#define LIMIT_EVENTS 2000000u                 /* events kept in all, about 600 MB */
#define LIMIT_EVENT_TEXT 511u                 /* bytes kept of what one event says */
#define LIMIT_EVENT_DAYS 90u                  /* events are forgotten after that */
#define LIMIT_STATUS_UPDATES 50000u           /* updates that one status names; genuine: 2,000 */
#define LIMIT_STATUS_NUMBERS 1000000u         /* updates ever named by a status */
#define LIMIT_FAILURES_COMPUTER 200u          /* failed updates kept of one computer */
#define LIMIT_CONTACT_DAYS 30u                /* without contact: a computer is lost */
/* clang-format on */

#endif
