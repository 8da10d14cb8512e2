"""Linux system calls: their numbers, and the calls themselves, without a library in between.

- ``allowed``   what honest code needs: computing, threads, clocks, files that may be opened
- ``refused``   what it never needs and what gets a clear "not permitted"; whatever is in no list "does not exist"
- ``filtered``  what it needs in part: ``seccomp`` looks at the arguments
- ``machine``   the architecture, where the tables have it
- ``call``      make a call, with errors as ``OSError``

Each word of a table is ``name:x86_64:aarch64``; a number is left out where the architecture has no such call. The
numbers are those of the kernel's ``asm/unistd_64.h`` and ``asm-generic/unistd.h``, which never change.
"""

import ctypes
import os
import platform
import sys
from functools import cache

_ALLOWED = """
    read:0:63 write:1:64 readv:19:65 writev:20:66 pread64:17:67 pwrite64:18:68 preadv:295:69 pwritev:296:70 open:2
    openat:257:56 creat:85 close:3:57 close_range:436:436 lseek:8:62 dup:32:23 dup2:33 dup3:292:24 pipe:22
    pipe2:293:59 sendfile:40:71 copy_file_range:326:285 fallocate:285:47 ftruncate:77:46 truncate:76:45 fsync:74:82
    fdatasync:75:83 flock:73:32 stat:4 fstat:5:80 lstat:6 newfstatat:262:79 statx:332:291 statfs:137:43
    fstatfs:138:44 access:21 faccessat:269:48 faccessat2:439:439 readlink:89 readlinkat:267:78 getcwd:79:17
    chdir:80:49 fchdir:81:50 getdents:78 getdents64:217:61 mkdir:83 mkdirat:258:34 rmdir:84 unlink:87
    unlinkat:263:35 rename:82 renameat:264:38 renameat2:316:276 link:86 linkat:265:37 symlink:88 symlinkat:266:36
    umask:95:166 mmap:9:222 munmap:11:215 mprotect:10:226 mremap:25:216 madvise:28:233 brk:12:214 msync:26:227
    mincore:27:232 membarrier:324:283 poll:7 ppoll:271:73 select:23 pselect6:270:72 epoll_create:213
    epoll_create1:291:20 epoll_ctl:233:21 epoll_wait:232 epoll_pwait:281:22 eventfd:284 eventfd2:290:19
    timerfd_create:283:85 timerfd_settime:286:86 timerfd_gettime:287:87 signalfd4:289:74 sendto:44:206
    recvfrom:45:207 shutdown:48:210 getsockname:51:204 getpeername:52:205 getsockopt:55:209 futex:202:98
    futex_waitv:449:449 set_robust_list:273:99 get_robust_list:274:100 rseq:334:293 set_tid_address:218:96
    restart_syscall:219:128 rt_sigaction:13:134 rt_sigprocmask:14:135 rt_sigreturn:15:139 rt_sigpending:127:136
    rt_sigtimedwait:128:137 rt_sigsuspend:130:133 sigaltstack:131:132 pause:34 alarm:37 getitimer:36:102
    setitimer:38:103 nanosleep:35:101 clock_nanosleep:230:115 clock_gettime:228:113 clock_getres:229:114
    gettimeofday:96:169 time:201 timer_create:222:107 timer_settime:223:110 timer_gettime:224:108
    timer_delete:226:111 timer_getoverrun:225:109 getpid:39:172 getppid:110:173 gettid:186:178 getuid:102:174
    geteuid:107:175 getgid:104:176 getegid:108:177 getgroups:115:158 getresuid:118:148 getresgid:120:150
    getpgid:121:155 getpgrp:111 getsid:124:156 getpriority:140:141 sched_yield:24:124 sched_getaffinity:204:123
     sched_getparam:143:121 sched_getscheduler:145:120 sched_get_priority_max:146:125
    sched_get_priority_min:147:126 getcpu:309:168 get_mempolicy:239:236 getrlimit:97:163 getrusage:98:165
    sysinfo:99:179 uname:63:160 times:100:153 getrandom:318:278 capget:125:90 exit:60:93 exit_group:231:94
    wait4:61:260 waitid:247:95 fadvise64:221:223 readahead:187:213
"""

_REFUSED = """
    socket:41:198 connect:42:203 bind:49:200 listen:50:201 accept:43:202 accept4:288:242 setsockopt:54:208
    sendmsg:46:211 recvmsg:47:212 sendmmsg:307:269 recvmmsg:299:243 fork:57 vfork:58 execve:59:221 execveat:322:281
    ptrace:101:117 process_vm_readv:310:270 process_vm_writev:311:271 process_madvise:440:440 pidfd_open:434:434
    pidfd_getfd:438:438 pidfd_send_signal:424:424 kcmp:312:272 tkill:200:130 rt_sigqueueinfo:129:138
    rt_tgsigqueueinfo:297:240 setsid:112:157 setpgid:109:154 setpriority:141:140 setrlimit:160:164 mount:165:40
    umount2:166:39 pivot_root:155:41 chroot:161:51 setns:308:268 unshare:272:97 open_tree:428:428 move_mount:429:429
    fsopen:430:430 mount_setattr:442:442 chmod:90 fchmod:91:52 fchmodat:268:53 fchmodat2:452:452 chown:92
    fchown:93:55 lchown:94 fchownat:260:54 utime:132 utimes:235 futimesat:261 utimensat:280:88 setxattr:188:5
    lsetxattr:189:6 fsetxattr:190:7 removexattr:197:14 lremovexattr:198:15 fremovexattr:199:16 mknod:133
    mknodat:259:33 bpf:321:280 perf_event_open:298:241 userfaultfd:323:282 io_uring_setup:425:425
    io_uring_enter:426:426 io_uring_register:427:427 keyctl:250:219 add_key:248:217 request_key:249:218
    kexec_load:246:104 kexec_file_load:320:294 init_module:175:105 finit_module:313:273 delete_module:176:106
    reboot:169:142 swapon:167:224 swapoff:168:225 settimeofday:164:170 clock_settime:227:112 adjtimex:159:171
    clock_adjtime:305:266 sethostname:170:161 setdomainname:171:162 acct:163:89 quotactl:179:60 syslog:103:116
    iopl:172 ioperm:173 modify_ldt:154 personality:135:92 name_to_handle_at:303:264 open_by_handle_at:304:265
    inotify_init:253 inotify_init1:294:26 inotify_add_watch:254:27 fanotify_init:300:262 memfd_create:319:279
    memfd_secret:447:447 shmget:29:194 shmat:30:196 shmctl:31:195 semget:64:190 msgget:68:186 mq_open:240:180
    setuid:105:146 setgid:106:144 setreuid:113:145 setregid:114:143 setresuid:117:147 setresgid:119:149
    setgroups:116:159 setfsuid:122:151 setfsgid:123:152 capset:126:91 landlock_create_ruleset:444:444
    landlock_add_rule:445:445 landlock_restrict_self:446:446 seccomp:317:277 vhangup:153:58 mlock:149:228
    mlockall:151:230
"""

_FILTERED = """
    clone:56:220 clone3:435:435 prctl:157:167 kill:62:129 tgkill:234:131 ioctl:16:29 fcntl:72:25 socketpair:53:199
    prlimit64:302:261 sched_setaffinity:203:122
"""

ARCHITECTURES = {"x86_64": 0, "aarch64": 1}
"""Machine -> column of the tables."""


def machine() -> str | None:
    """Return the name of this machine's architecture as the tables have it, or None where they have none."""
    if sys.platform != "linux" or sys.maxsize < 2**32 or sys.byteorder != "little":
        return None
    name = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine())
    return name if name in ARCHITECTURES else None


def parse(table: str, architecture: str) -> dict[str, int]:
    """Return name -> number of a table for one architecture, without the calls that it does not have."""
    numbers: dict[str, int] = {}
    for word in table.split():
        name, *columns = word.split(":")
        column = ARCHITECTURES[architecture]
        if column < len(columns) and columns[column]:
            numbers[name] = int(columns[column])
    return numbers


@cache
def allowed(architecture: str) -> dict[str, int]:
    """Return the calls that a worker may make."""
    return parse(_ALLOWED, architecture)


@cache
def refused(architecture: str) -> dict[str, int]:
    """Return the calls that a worker is told it may not make."""
    return parse(_REFUSED, architecture)


@cache
def filtered(architecture: str) -> dict[str, int]:
    """Return the calls that a worker may make with some arguments."""
    return parse(_FILTERED, architecture)


def number(name: str) -> int:
    """Return the number of a call on this machine; ``NotImplementedError`` where there is none."""
    architecture = machine()
    if architecture is not None:
        for table in (filtered, refused, allowed):
            if name in table(architecture):
                return table(architecture)[name]
    raise NotImplementedError(f"the number of the system call {name} is not known on {platform.machine()}")


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def call(name: str, *arguments: object) -> int:
    """Make a system call; ``OSError`` when it fails."""
    libc = _libc()
    words = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    result: int = libc.syscall(ctypes.c_long(number(name)), *words)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")
    return result
