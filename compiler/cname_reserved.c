/* The names that C keeps from us. First those that a member cannot have, wherever the generated header is
 * included: keywords of C23 and C++26, and what the headers of C, POSIX and Linux define as macros (those
 * that take no arguments: a macro with arguments only counts before a parenthesis, and generated code has
 * none there). Headers keep whole families of names for themselves; of those the prefix stands here. Then the
 * types and functions that a declaration could meet. tools/check-names.sh holds this against the headers of
 * the machine it runs on.
 */
#include "cname.h"

#include <string.h>

/* By their first letter. */
static const char *const words['z' - 'A' + 1] = {
    ['A' - 'A'] = "ACCESSPERMS ACCOUNTING ADD ADDRB ALLPERMS ALT_DIGITS AM_STR AREGTYPE",
    ['B' - 'A'] =
        "B0 B1000000 B110 B115200 B1152000 B1200 B134 B150 B1500000 B1800 B19200 B200 B2000000 "
        "B230400 B2400 B2500000 B300 B3000000 B3500000 B38400 B4000000 B460800 B4800 B50 B500000 "
        "B57600 B576000 B600 B75 B921600 B9600 BIG_ENDIAN BLKBSZGET BLKBSZSET BLKFLSBUF BLKFRAGET "
        "BLKFRASET BLKGETSIZE BLKGETSIZE64 BLKRAGET BLKRASET BLKROGET BLKROSET BLKRRPART BLKSECTGET "
        "BLKSECTSET BLKSSZGET BLKTYPE BLOCK_SIZE BLOCK_SIZE_BITS BOOT_TIME BRKINT BS0 BS1 BSDLY "
        "BUFSIZ BYTE_ORDER",
    ['C' - 'A'] = "CANBSIZ CBAUD CBAUDEX CBRK CDISCARD CDSUSP CEOF CEOL CEOT CERASE CFLUSH CHAR_MAX CHAR_MIN "
                  "CHRTYPE CIBAUD CINTR CKILL CLNEXT CLOCAL CLOCKS_PER_SEC CLOSE_RANGE_CLOEXEC "
                  "CLOSE_RANGE_UNSHARE CMIN CMSPAR CODESET CONTTYPE CPU_SETSIZE CQUIT CR0 CR1 CR2 CR3 CRDLY "
                  "CREAD CREPRINT CRNCYSTR CRPRNT CRTSCTS CS5 CS6 CS7 CS8 CSIGNAL CSIZE CSTART CSTATUS CSTOP "
                  "CSTOPB CSUSP CTIME CURRENCY_SYMBOL CWERASE",
    ['D' - 'A'] = "DAY_1 DAY_2 DAY_3 DAY_4 DAY_5 DAY_6 DAY_7 DBL_MAX DBL_MIN DEAD_PROCESS DECIMAL_DIG "
                  "DECIMAL_POINT DEFFILEMODE DELETE DEV_BSIZE DIRTYPE DLFO_EH_SEGMENT_TYPE "
                  "DLFO_STRUCT_HAS_EH_COUNT DLFO_STRUCT_HAS_EH_DBASE DN_ACCESS DN_ATTRIB DN_CREATE DN_DELETE "
                  "DN_MODIFY DN_MULTISHOT DN_RENAME DOMAIN D_FMT D_T_FMT",
    ['E' - 'A'] =
        "E2BIG EACCES EADDRINUSE EADDRNOTAVAIL EADV EAFNOSUPPORT EAGAIN EALREADY EBADE EBADF EBADFD "
        "EBADMSG EBADR EBADRQC EBADSLT EBFONT EBUSY ECANCELED ECHILD ECHO ECHOCTL ECHOE ECHOK ECHOKE "
        "ECHONL ECHOPRT ECHRNG ECOMM ECONNABORTED ECONNREFUSED ECONNRESET EDEADLK EDEADLOCK "
        "EDESTADDRREQ EDOM EDOTDOT EDQUOT EEXIST EFAULT EFBIG EHOSTDOWN EHOSTUNREACH EHWPOISON EIDRM "
        "EILSEQ EINPROGRESS EINTR EINVAL EIO EISCONN EISDIR EISNAM EKEYEXPIRED EKEYREJECTED "
        "EKEYREVOKED EL2HLT EL2NSYNC EL3HLT EL3RST ELIBACC ELIBBAD ELIBEXEC ELIBMAX ELIBSCN ELNRNG "
        "ELOOP EMEDIUMTYPE EMFILE EMLINK EMPTY EMSGSIZE EMULTIHOP ENAMETOOLONG ENAVAIL ENETDOWN "
        "ENETRESET ENETUNREACH ENFILE ENOANO ENOBUFS ENOCSI ENODATA ENODEV ENOENT ENOEXEC ENOKEY "
        "ENOLCK ENOLINK ENOMEDIUM ENOMEM ENOMSG ENONET ENOPKG ENOPROTOOPT ENOSPC ENOSR ENOSTR ENOSYS "
        "ENOTBLK ENOTCONN ENOTDIR ENOTEMPTY ENOTNAM ENOTRECOVERABLE ENOTSOCK ENOTSUP ENOTTY ENOTUNIQ "
        "ENXIO EOF EOPNOTSUPP EOVERFLOW EOWNERDEAD EPERM EPFNOSUPPORT EPIOCGPARAMS EPIOCSPARAMS "
        "EPIPE EPOLLERR EPOLLET EPOLLEXCLUSIVE EPOLLHUP EPOLLIN EPOLLMSG EPOLLONESHOT EPOLLOUT "
        "EPOLLPRI EPOLLRDBAND EPOLLRDHUP EPOLLRDNORM EPOLLWAKEUP EPOLLWRBAND EPOLLWRNORM EPROTO "
        "EPROTONOSUPPORT EPROTOTYPE ERA ERANGE EREMCHG EREMOTE EREMOTEIO ERESTART ERFKILL EROFS "
        "ESHUTDOWN ESOCKTNOSUPPORT ESPIPE ESRCH ESRMNT ESTALE ESTRPIPE ETIME ETIMEDOUT ETOOMANYREFS "
        "ETXTBSY EUCLEAN EUNATCH EUSERS EWOULDBLOCK EXDEV EXEC_PAGESIZE EXFULL EXIT_FAILURE "
        "EXIT_SUCCESS EXTA EXTB EXTPROC",
    ['F' - 'A'] = "FALSE FAPPEND FASYNC FD_CLOEXEC FD_SETSIZE FF0 FF1 FFDLY FFSYNC FIFOTYPE FILENAME_MAX "
                  "FIOASYNC FIOCLEX FIOGETOWN FIONBIO FIONCLEX FIONREAD FIOQSIZE FIOSETOWN FLT_MAX FLT_MIN "
                  "FLUSHO FNDELAY FNONBLOCK FOPEN_MAX FORMERR FRAC_DIGITS FSMOUNT_CLOEXEC FSOPEN_CLOEXEC",
    ['G' - 'A'] = "GAI_NOWAIT GAI_WAIT GETALL GETLONG GETNCNT GETPID GETSHORT GETVAL GETZCNT GROUPING",
    ['H' - 'A'] = "HFIXEDSZ HOST_NOT_FOUND HUGE_VAL HUGE_VALF HUGE_VALL HUGE_VAL_F128 HUGE_VAL_F32 "
                  "HUGE_VAL_F32X HUGE_VAL_F64 HUGE_VAL_F64X HUPCL HZ",
    ['I' - 'A'] = "I ICANON ICRNL IEXTEN IFHWADDRLEN IFNAMSIZ IF_NAMESIZE IGNBRK IGNCR IGNPAR IMAXBEL "
                  "IN6ADDRSZ IN6ADDR_ANY_INIT IN6ADDR_LOOPBACK_INIT INADDRSZ INDIR_MASK INET6_ADDRSTRLEN "
                  "INET_ADDRSTRLEN INFINITY INIT_PROCESS INLCR INPCK INT16SZ INT32SZ INT8SZ INT_MAX INT_MIN "
                  "IOCSIZE_MASK IOCSIZE_SHIFT IOC_IN IOC_INOUT IOC_OUT IPDEFTTL IPFRAGTTL IPPORT_RESERVED "
                  "IPTTLDEC IPVERSION IQUERY ISIG ISTRIP IUCLC IUTF8 IXANY IXOFF IXON",
    ['L' - 'A'] =
        "LDBL_MAX LDBL_MIN LITTLE_ENDIAN LLONG_MAX LLONG_MIN LM_ID_BASE LM_ID_NEWLM LNKTYPE "
        "LOCALDOMAINPARTS LOCK_EX LOCK_MAND LOCK_NB LOCK_READ LOCK_RW LOCK_SH LOCK_UN LOCK_WRITE "
        "LOGIN_PROCESS LONG_BIT LONG_MAX LONG_MIN LSMT_ROOT L_INCR L_SET L_XTND L_ctermid L_cuserid "
        "L_tmpnam",
    ['M' - 'A'] =
        "MAGIC MATH_ERREXCEPT MATH_ERRNO MAXCDNAME MAXDFLSRCH MAXDNAME MAXDNSRCH MAXFLOAT "
        "MAXHOSTNAMELEN MAXLABEL MAXNAMLEN MAXNS MAXPATHLEN MAXRESOLVSORT MAXSYMLINKS MAXTTL "
        "MAX_CANON MAX_HANDLE_SZ MAX_INPUT MAX_IPOPTLEN MB_CUR_MAX MINSIGSTKSZ MLOCK_ONFAULT MNTTAB "
        "MNT_DETACH MNT_EXPIRE MNT_FORCE MNT_ID_REQ_SIZE_VER0 MNT_ID_REQ_SIZE_VER1 MOUNTED "
        "MOVE_MOUNT_BENEATH MOVE_MOUNT_F_AUTOMOUNTS MOVE_MOUNT_F_EMPTY_PATH MOVE_MOUNT_F_SYMLINKS "
        "MOVE_MOUNT_SET_GROUP MOVE_MOUNT_T_AUTOMOUNTS MOVE_MOUNT_T_EMPTY_PATH MOVE_MOUNT_T_SYMLINKS "
        "MOVE_MOUNT__MASK",
    ['N' - 'A'] = "NAMESERVER_PORT NAN NBBY NCARGS NCC NCCS NEGATIVE_SIGN NETDB_INTERNAL NETDB_SUCCESS "
                  "NEW_TIME NFDBITS NGREG NGROUPS NL0 NL1 NLDLY NL_ARGMAX NL_CAT_LOCALE NL_LANGMAX NL_MSGMAX "
                  "NL_NMAX NL_SETD NL_SETMAX NL_TEXTMAX NODEV NOERROR NOEXPR NOFILE NOFLSH NOGROUP NOSTR "
                  "NOTAUTH NOTIMP NOTZONE NO_ADDRESS NO_DATA NO_RECOVERY NSIG NSS_BUFLEN_GROUP "
                  "NSS_BUFLEN_PASSWD NULL NXDOMAIN NXRRSET NZERO",
    ['O' - 'A'] = "OCRNL OFDEL OFILL OLCUC OLD_TIME ONCE_FLAG_INIT ONLCR ONLRET ONOCR OPEN_TREE_CLOEXEC "
                  "OPEN_TREE_CLONE OPOST OVERFLOW",
    ['P' - 'A'] = "PACKETSZ PARENB PARMRK PARODD PATH_MAX PDP_ENDIAN PENDIN PIPE_BUF PKEY_DISABLE_ACCESS "
                  "PKEY_DISABLE_WRITE PM_STR POLLERR POLLHUP POLLIN POLLMSG POLLNVAL POLLOUT POLLPRI "
                  "POLLRDBAND POLLRDHUP POLLRDNORM POLLREMOVE POLLWRBAND POLLWRNORM POSITIVE_SIGN PUTLONG "
                  "PUTSHORT P_CS_PRECEDES P_SEP_BY_SPACE P_SIGN_POSN P_tmpdir",
    ['Q' - 'A'] = "QFIXEDSZ QUERY",
    ['R' - 'A'] = "RADIXCHAR RAND_MAX REFUSED REGS_FIXED REGS_REALLOCATE REGS_UNALLOCATED REGTYPE "
                  "RENAME_EXCHANGE RENAME_NOREPLACE RENAME_WHITEOUT RLIM64_INFINITY RRFIXEDSZ RUN_LVL R_OK",
    ['S' - 'A'] =
        "SCHAR_MAX SCHAR_MIN SCOPE_DELIMITER SERVFAIL SETALL SETVAL SHADOW_STACK_SET_TOKEN SHMLBA "
        "SHRT_MAX SHRT_MIN SIGABRT SIGALRM SIGBUS SIGCHLD SIGCLD SIGCONT SIGFPE SIGHUP SIGILL SIGINT "
        "SIGIO SIGIOT SIGKILL SIGPIPE SIGPOLL SIGPROF SIGPWR SIGQUIT SIGRTMAX SIGRTMIN SIGSEGV "
        "SIGSTKFLT SIGSTKSZ SIGSTOP SIGSYS SIGTERM SIGTRAP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGUSR1 "
        "SIGUSR2 SIGVTALRM SIGWINCH SIGXCPU SIGXFSZ SIOCADDDLCI SIOCADDMULTI SIOCADDRT SIOCATMARK "
        "SIOCDARP SIOCDELDLCI SIOCDELMULTI SIOCDELRT SIOCDEVPRIVATE SIOCDIFADDR SIOCDRARP SIOCGARP "
        "SIOCGIFADDR SIOCGIFBR SIOCGIFBRDADDR SIOCGIFCONF SIOCGIFCOUNT SIOCGIFDSTADDR SIOCGIFENCAP "
        "SIOCGIFFLAGS SIOCGIFHWADDR SIOCGIFINDEX SIOCGIFMAP SIOCGIFMEM SIOCGIFMETRIC SIOCGIFMTU "
        "SIOCGIFNAME SIOCGIFNETMASK SIOCGIFPFLAGS SIOCGIFSLAVE SIOCGIFTXQLEN SIOCGPGRP SIOCGRARP "
        "SIOCGSTAMPNS_OLD SIOCGSTAMP_OLD SIOCPROTOPRIVATE SIOCRTMSG SIOCSARP SIOCSIFADDR SIOCSIFBR "
        "SIOCSIFBRDADDR SIOCSIFDSTADDR SIOCSIFENCAP SIOCSIFFLAGS SIOCSIFHWADDR SIOCSIFHWBROADCAST "
        "SIOCSIFLINK SIOCSIFMAP SIOCSIFMEM SIOCSIFMETRIC SIOCSIFMTU SIOCSIFNAME SIOCSIFNETMASK "
        "SIOCSIFPFLAGS SIOCSIFSLAVE SIOCSIFTXQLEN SIOCSPGRP SIOCSRARP SIOGIFINDEX SIZE_MAX SNAN "
        "SNANF SNANF128 SNANF32 SNANF32X SNANF64 SNANF64X SNANL SOMAXCONN SSIZE_MAX SS_DISABLE "
        "SS_ONSTACK STATUS STDERR_FILENO STDIN_FILENO STDOUT_FILENO SYMTYPE "
        "SYSCALL_DISPATCH_FILTER_ALLOW SYSCALL_DISPATCH_FILTER_BLOCK",
    ['T' - 'A'] =
        "TAB0 TAB1 TAB2 TAB3 TABDLY TCFLSH TCGETA TCGETS TCGETS2 TCGETX TCIFLUSH TCIOFF TCIOFLUSH "
        "TCION TCOFLUSH TCOOFF TCOON TCSADRAIN TCSAFLUSH TCSANOW TCSBRK TCSBRKP TCSETA TCSETAF "
        "TCSETAW TCSETS TCSETS2 TCSETSF TCSETSF2 TCSETSW TCSETSW2 TCSETX TCSETXF TCSETXW TCXONC "
        "TGEXEC TGREAD TGWRITE THOUSANDS_SEP THOUSEP TH_ACK TH_FIN TH_PUSH TH_RST TH_SYN TH_URG "
        "TIMER_ABSTIME TIME_UTC TIOCCBRK TIOCCONS TIOCEXCL TIOCGDEV TIOCGETD TIOCGEXCL TIOCGICOUNT "
        "TIOCGISO7816 TIOCGLCKTRMIOS TIOCGPGRP TIOCGPKT TIOCGPTLCK TIOCGPTN TIOCGPTPEER TIOCGRS485 "
        "TIOCGSERIAL TIOCGSID TIOCGSOFTCAR TIOCGWINSZ TIOCINQ TIOCLINUX TIOCMBIC TIOCMBIS TIOCMGET "
        "TIOCMIWAIT TIOCMSET TIOCNOTTY TIOCNXCL TIOCOUTQ TIOCPKT TIOCSBRK TIOCSCTTY TIOCSERCONFIG "
        "TIOCSERGETLSR TIOCSERGETMULTI TIOCSERGSTRUCT TIOCSERGWILD TIOCSERSETMULTI TIOCSERSWILD "
        "TIOCSER_TEMT TIOCSETD TIOCSIG TIOCSISO7816 TIOCSLCKTRMIOS TIOCSPGRP TIOCSPTLCK TIOCSRS485 "
        "TIOCSSERIAL TIOCSSOFTCAR TIOCSTI TIOCSWINSZ TIOCVHANGUP TMAGIC TMAGLEN TOEXEC TOREAD TOSTOP "
        "TOWRITE TRUE TRY_AGAIN TSGID TSS_DTOR_ITERATIONS TSUID TSVTX TUEXEC TUREAD TUWRITE TVERSION "
        "TVERSLEN",
    ['U' - 'A'] = "UCHAR_MAX UINT_MAX UIO_MAXIOV ULLONG_MAX ULONG_MAX UMOUNT_NOFOLLOW UNDERFLOW USER_PROCESS "
                  "USHRT_MAX UTIME_NOW UTIME_OMIT UTMPX_FILE UTMPX_FILENAME",
    ['V' - 'A'] = "VDISCARD VEOF VEOL VEOL2 VERASE VINTR VKILL VLNEXT VMIN VQUIT VREPRINT VSTART VSTOP VSUSP "
                  "VSWTC VT0 VT1 VTDLY VTIME VWERASE",
    ['W' - 'A'] = "WAIT_ANY WAIT_MYPGRP WCONTINUED WCOREFLAG WEOF WEXITED WNOHANG WNOWAIT WORD_BIT WSTOPPED "
                  "WTMPX_FILE WTMPX_FILENAME WUNTRACED W_OK",
    ['X' - 'A'] = "XCASE XTABS X_OK",
    ['Y' - 'A'] = "YESEXPR YESSTR YXDOMAIN YXRRSET",
    ['a' - 'A'] = "alignas alignof and and_eq asm assert atomic_cancel atomic_commit "
                  "atomic_compare_exchange_strong_explicit atomic_compare_exchange_weak_explicit "
                  "atomic_exchange_explicit atomic_fetch_add_explicit atomic_fetch_and_explicit "
                  "atomic_fetch_or_explicit atomic_fetch_sub_explicit atomic_fetch_xor_explicit atomic_init "
                  "atomic_load_explicit atomic_noexcept atomic_store_explicit auto",
    ['b' - 'A'] = "b64_ntop b64_pton basename bitand bitor bool break",
    ['c' - 'A'] = "case catch char class co_await co_return co_yield compl complex concept const const_cast "
                  "consteval constexpr constinit continue contract_assert",
    ['d' - 'A'] = "d_fileno decltype default delete dn_count_labels do double dynamic_cast",
    ['e' - 'A'] = "else enum errno explicit export extern",
    ['f' - 'A'] = "false final float for fp_nquery fp_query fp_resstat friend",
    ['g' - 'A'] = "goto",
    ['h' - 'A'] = "h_addr h_errno hostalias",
    ['i' - 'A'] = "i386 if ifa_broadaddr ifa_dstaddr ifc_buf ifc_req ifr_addr ifr_bandwidth ifr_broadaddr "
                  "ifr_data ifr_dstaddr ifr_flags ifr_hwaddr ifr_ifindex ifr_map ifr_metric ifr_mtu ifr_name "
                  "ifr_netmask ifr_newname ifr_qlen ifr_slave imaginary inline int",
    ['l' - 'A'] = "linux loc_aton loc_ntoa long",
    ['m' - 'A'] = "math_errhandling mips msg_cbytes mutable",
    ['n' - 'A'] = "namespace new no_argument noexcept noreturn not not_eq nsaddr nullptr",
    ['o' - 'A'] = "operator optional_argument or or_eq override",
    ['p' - 'A'] = "p_cdname p_cdnname p_class p_fqname p_fqnname p_option p_query p_rcode p_time p_type "
                  "private protected public putlong putshort",
    ['r' - 'A'] =
        "reflexpr register reinterpret_cast required_argument requires res_close res_hostalias "
        "res_init res_isourserver res_nameinquery res_nclose res_ninit res_queriesmatch res_randomid "
        "restrict return",
    ['s' - 'A'] = "s6_addr s6_addr16 s6_addr32 s_addr sa_handler sa_sigaction sched_priority setjmp short "
                  "sigev_notify_attributes sigev_notify_function signed sizeof sparc st_atime st_ctime "
                  "st_mtime static static_assert static_cast stderr stdin stdout struct sun switch sym_ntop "
                  "sym_ntos sym_ston synchronized",
    ['t' - 'A'] = "template this thread_local throw true try typedef typeid typename typeof typeof_unqual",
    ['u' - 'A'] = "union unix unsigned using",
    ['v' - 'A'] = "va_arg va_copy va_end va_start vax virtual void volatile",
    ['w' - 'A'] = "while",
    ['x' - 'A'] = "xor xor_eq",
};

/* What begins with one of these and a '_' is reserved. */
static const char families[] =
    "ABDAY ABMON ADJ AF AI AIO ALTMON AT ATOMIC BC BUS C CHAR CLD CLOCK CLONE DBL DT EAI EFD "
    "EPOLL ERA EX F FALLOC FE FLT FNM FP FPE FSETLOCKING FSPICK FTW GLOB GRND IFF ILL IN INADDR "
    "INT IP IPC IPOPT IPPROTO IPTOS IPV6 ITIMER LC LDBL LIO LISTMOUNT LOG M MADV MAP MCAST MCL "
    "MFD MM MNTOPT MNTTYPE MOD MON MOUNT MREMAP MS MSG N NI NS O PF POLL POSIX PR PRIO PROT "
    "PTHREAD RE REG RES RLIM RLIMIT RTLD RUSAGE RWF RWH S SA SCHED SCM SEEK SEGV SEM SFD SHM "
    "SHUT SI SIG SIGEV SO SOCK SOL SPLICE ST STA STATMOUNT STATX SYNC SYS T TCP TCPI TCPOLEN "
    "TCPOPT TFD TIOCM TIOCPKT TRAP TTYDEF UDP UINT XATTR";

/* What the headers declare and a package's prefix could make: `package sem; struct Post` is sem_post. Their
 * first words, then they. */
static const char first_words[] =
    "aio aligned arc4random call char16 char32 char8 clock clockid cnd copy dev div double epoll  "
    "eventfd fanotify float fpos gid glob iconv id if inet ino inotify int16 int32 int64 int8  "
    "intmax intptr key ldiv lio locale malloc mode mq mqd mtx name nlink nullptr off open pid  "
    "posix process pthread ptrdiff quick regex regoff rlim sched sem shm sigset size socklen  "
    "ssize stack strerror sync thrd time timer timerfd timespec tss uid uint16 uint32 uint64  "
    "uint8 uintmax uintptr wchar wint";
static const char *const declared[] = {
    "aio_cancel aio_error aio_fsync aio_init aio_read aio_return aio_suspend aio_write  "
    "aligned_alloc arc4random_buf arc4random_uniform call_once char16_t char32_t char8_t  "
    "clock_adjtime clock_getcpuclockid clock_getres clock_gettime clock_nanosleep clock_settime  "
    "clock_t clockid_t cnd_broadcast cnd_destroy cnd_init cnd_signal cnd_t cnd_timedwait  "
    "cnd_wait copy_file_range dev_t div_t double_t epoll_create epoll_create1 epoll_ctl  "
    "epoll_pwait epoll_pwait2 epoll_wait eventfd_read eventfd_write fanotify_init fanotify_mark  "
    "float_t fpos_t gid_t glob_t iconv_close iconv_open iconv_t id_t if_freenameindex  "
    "if_indextoname if_nameindex if_nametoindex inet_addr inet_aton inet_lnaof inet_makeaddr  "
    "inet_netof inet_network inet_nsap_addr inet_nsap_ntoa inet_ntoa inet_ntop inet_pton ino_t  "
    "inotify_add_watch inotify_init inotify_init1 inotify_rm_watch int16_t int32_t int64_t  "
    "int8_t intmax_t intptr_t key_t ldiv_t lio_listio locale_t malloc_info malloc_stats  "
    "malloc_trim malloc_usable_size mode_t mq_close mq_getattr mq_notify mq_open mq_receive  "
    "mq_send mq_setattr mq_timedreceive mq_timedsend mq_unlink mqd_t mtx_destroy mtx_init  "
    "mtx_lock mtx_t mtx_timedlock mtx_trylock mtx_unlock name_to_handle_at nlink_t nullptr_t  "
    "off_t open_by_handle_at open_memstream open_tree open_wmemstream pid_t process_madvise  "
    "process_mrelease process_vm_readv process_vm_writev ptrdiff_t quick_exit regex_t regoff_t  "
    "rlim_t sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getcpu  "
    "sched_getparam sched_getscheduler sched_rr_get_interval sched_setaffinity sched_setparam  "
    "sched_setscheduler sched_yield sem_clockwait sem_close sem_destroy sem_getvalue sem_init  "
    "sem_open sem_post sem_t sem_timedwait sem_trywait sem_unlink sem_wait shm_open shm_unlink  "
    "sigset_t size_t socklen_t ssize_t stack_t strerror_l strerror_r sync_file_range thrd_create  "
    "thrd_current thrd_detach thrd_equal thrd_exit thrd_join thrd_sleep thrd_t thrd_yield time_t  "
    "timer_create timer_delete timer_getoverrun timer_gettime timer_settime timer_t  "
    "timerfd_create timerfd_gettime timerfd_settime timespec_get timespec_getres tss_create  "
    "tss_delete tss_get tss_set tss_t uid_t uint16_t uint32_t uint64_t uint8_t uintmax_t  "
    "uintptr_t wchar_t wint_t",
    "posix_fadvise posix_fallocate posix_madvise posix_memalign posix_openpt posix_spawn  "
    "posix_spawn_file_actions_addclose posix_spawn_file_actions_adddup2  "
    "posix_spawn_file_actions_addopen posix_spawn_file_actions_destroy  "
    "posix_spawn_file_actions_init posix_spawn_file_actions_t posix_spawnattr_destroy  "
    "posix_spawnattr_getflags posix_spawnattr_getpgroup posix_spawnattr_getschedparam  "
    "posix_spawnattr_getschedpolicy posix_spawnattr_getsigdefault posix_spawnattr_getsigmask  "
    "posix_spawnattr_init posix_spawnattr_setflags posix_spawnattr_setpgroup  "
    "posix_spawnattr_setschedparam posix_spawnattr_setschedpolicy posix_spawnattr_setsigdefault  "
    "posix_spawnattr_setsigmask posix_spawnp pthread_atfork pthread_attr_destroy  "
    "pthread_attr_getdetachstate pthread_attr_getguardsize pthread_attr_getinheritsched  "
    "pthread_attr_getschedparam pthread_attr_getschedpolicy pthread_attr_getscope  "
    "pthread_attr_getstack pthread_attr_getstackaddr pthread_attr_getstacksize pthread_attr_init  "
    "pthread_attr_setdetachstate pthread_attr_setguardsize pthread_attr_setinheritsched  "
    "pthread_attr_setschedparam pthread_attr_setschedpolicy pthread_attr_setscope  "
    "pthread_attr_setstack pthread_attr_setstackaddr pthread_attr_setstacksize pthread_attr_t  "
    "pthread_barrier_destroy pthread_barrier_init pthread_barrier_wait  "
    "pthread_barrierattr_destroy pthread_barrierattr_getpshared pthread_barrierattr_init  "
    "pthread_barrierattr_setpshared pthread_cancel pthread_cond_broadcast pthread_cond_clockwait  "
    "pthread_cond_destroy pthread_cond_init pthread_cond_signal pthread_cond_t  "
    "pthread_cond_timedwait pthread_cond_wait pthread_condattr_destroy pthread_condattr_getclock  "
    "pthread_condattr_getpshared pthread_condattr_init pthread_condattr_setclock  "
    "pthread_condattr_setpshared pthread_create pthread_detach pthread_equal pthread_exit  "
    "pthread_getconcurrency pthread_getcpuclockid pthread_getschedparam pthread_getspecific  "
    "pthread_join pthread_key_create pthread_key_delete pthread_key_t pthread_kill  "
    "pthread_mutex_clocklock pthread_mutex_consistent pthread_mutex_destroy  "
    "pthread_mutex_getprioceiling pthread_mutex_init pthread_mutex_lock  "
    "pthread_mutex_setprioceiling pthread_mutex_t pthread_mutex_timedlock pthread_mutex_trylock  "
    "pthread_mutex_unlock pthread_mutexattr_destroy pthread_mutexattr_getprioceiling  "
    "pthread_mutexattr_getprotocol pthread_mutexattr_getpshared pthread_mutexattr_getrobust  "
    "pthread_mutexattr_gettype pthread_mutexattr_init pthread_mutexattr_setprioceiling  "
    "pthread_mutexattr_setprotocol pthread_mutexattr_setpshared pthread_mutexattr_setrobust  "
    "pthread_mutexattr_settype pthread_once pthread_once_t pthread_rwlock_clockrdlock  "
    "pthread_rwlock_clockwrlock pthread_rwlock_destroy pthread_rwlock_init pthread_rwlock_rdlock  "
    "pthread_rwlock_timedrdlock pthread_rwlock_timedwrlock pthread_rwlock_tryrdlock  "
    "pthread_rwlock_trywrlock pthread_rwlock_unlock pthread_rwlock_wrlock  "
    "pthread_rwlockattr_destroy pthread_rwlockattr_getpshared pthread_rwlockattr_init  "
    "pthread_rwlockattr_setpshared pthread_self pthread_setcancelstate pthread_setcanceltype  "
    "pthread_setconcurrency pthread_setschedparam pthread_setschedprio pthread_setspecific  "
    "pthread_sigmask pthread_sigqueue pthread_spin_destroy pthread_spin_init pthread_spin_lock  "
    "pthread_spin_trylock pthread_spin_unlock pthread_t pthread_testcancel pthread_yield"};

/* Whether the first `length` bytes of `name` are one of the words of `list`. */
static bool listed(const char *list, const char *name, size_t length)
{
    while (*list != '\0') {
        if (*list == *name && strncmp(list, name, length) == 0 &&
            (list[length] == ' ' || list[length] == '\0'))
            return true;
        while (*list != ' ' && *list != '\0')
            list++;
        while (*list == ' ')
            list++;
    }
    return false;
}

/* Whether a word of the list, in which words are separated by blanks, begins so; with `whole`: is so. */
static bool list_has(const char *list, const char *text, bool whole)
{
    const size_t length = strlen(text);

    for (const char *at = list; (at = strstr(at, text)) != NULL; at++) {
        if ((at == list || at[-1] == ' ') && (!whole || at[length] == ' ' || at[length] == '\0'))
            return true;
    }
    return false;
}

static bool ends_with(const char *name, const char *end)
{
    size_t length = strlen(name), tail = strlen(end);

    return length > tail && strcmp(name + length - tail, end) == 0;
}

/* "PRId32", "SCNxMAX". */
static bool is_format(const char *name)
{
    static const char *const sizes[] = {"8", "16", "32", "64", "FAST", "LEAST", "MAX", "PTR"};

    if ((strncmp(name, "PRI", 3) != 0 && strncmp(name, "SCN", 3) != 0) || name[3] == '\0' ||
        strchr("diouxXbB", name[3]) == NULL)
        return false;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        if (strncmp(name + 4, sizes[i], strlen(sizes[i])) == 0)
            return true;
    }
    return false;
}

/* POSIX gives `_t` to types and `si_` to macros; limits are upper case; `aegis_` is the library. */
static bool in_family(const char *name)
{
    static const char *const ends[] = {"_MAX", "_MIN", "_C", "_WIDTH"};

    if (ends_with(name, "_t") || strncmp(name, "si_", 3) == 0 || strncmp(name, "aegis_", 6) == 0 ||
        is_format(name))
        return true;
    if (name[0] >= 'a' && name[0] <= 'z') /* the others are all in capitals, or begin so */
        return false;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (ends_with(name, ends[i]) && strpbrk(name, "abcdefghijklmnopqrstuvwxyz") == NULL)
            return true;
    }
    return name[0] >= 'A' && name[0] <= 'Z' && strchr(name, '_') != NULL &&
           listed(families, name, strcspn(name, "_"));
}

/* A keyword or a macro. */
static bool is_word(const char *name)
{
    const char *list = name[0] >= 'A' && name[0] <= 'z' ? words[name[0] - 'A'] : NULL;

    return list != NULL && list_has(list, name, true);
}

bool cname_taken(const char *name)
{
    return is_word(name) ||
           (*name >= 'a' && listed(first_words, name, strcspn(name, "_")) && /* in capitals: words */
            (list_has(declared[0], name, true) || list_has(declared[1], name, true)));
}

bool cname_begins_taken(const char *prefix)
{
    const char *list = prefix[0] >= 'A' && prefix[0] <= 'z' ? words[prefix[0] - 'A'] : NULL;

    return (list != NULL && list_has(list, prefix, false)) || list_has(declared[0], prefix, false) ||
           list_has(declared[1], prefix, false);
}

bool cname_reserved(const char *name)
{
    return is_word(name) || in_family(name);
}
