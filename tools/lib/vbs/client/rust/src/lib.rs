// SPDX-License-Identifier: GPL-2.0
//! Servers of SCHED_VBS: libvbs(3) for Rust.
//!
//! ```no_run
//! use std::time::Duration;
//! use vbs::Params;
//!
//! let ms = Duration::from_millis;
//! vbs::enter(0, &Params::new(ms(3), ms(10)).cap(0.5))?;
//! vbs::switch(0, &Params::new(Duration::from_micros(500), ms(1)))?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! pid 0 is the calling thread. What fails is an [`std::io::Error`] with the error number
//! of libvbs(3).
#![warn(missing_docs)]

use std::ffi::{c_char, c_int, c_uint, CStr, CString};
use std::io;
use std::time::Duration;

/// A whole CPU, in units of caps.
pub const CPU: u32 = 1 << 20;
/// Instances begin at multiples of the period.
pub const ALIGN: u32 = 0x1;
/// Children of the thread are in no server.
pub const NO_INHERIT: u32 = 0x2;
/// SIGXCPU to the thread at the end of the budget.
pub const OVERRUN_SIGNAL: u32 = 0x4;

/// Budget, period, cap and flags of a server.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Params {
    /// Budget in every period, in nanoseconds.
    pub runtime: u64,
    /// In nanoseconds.
    pub period: u64,
    /// In units of 1/[`CPU`]; 0: the least, or with [`switch`] as it is.
    pub cap: u32,
    /// [`ALIGN`] and so on.
    pub flags: u32,
}

impl Params {
    /// A budget in every period. Durations beyond 584 years are cut.
    pub fn new(runtime: Duration, period: Duration) -> Self {
        let ns = |d: Duration| u64::try_from(d.as_nanos()).unwrap_or(u64::MAX);
        Self { runtime: ns(runtime), period: ns(period), cap: 0, flags: 0 }
    }

    /// With a cap, as a share of a CPU, rounded up: at most one CPU.
    pub fn cap(mut self, share: f64) -> Self {
        // What a binary fraction is off by must not become one more unit
        self.cap = ((share * f64::from(CPU) - 1e-6).ceil() as u32).clamp(1, CPU);
        self
    }

    /// With these flags.
    pub fn flags(mut self, flags: u32) -> Self {
        self.flags = flags;
        self
    }
}

/// What /proc/vbs says of a CPU.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs)]
pub struct Cpu {
    pub id: i32,
    pub online: u32,
    pub capacity: u32,
    pub booked: u32,
    pub spare: u32,
    pub servers: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct RawServer {
    id: u32,
    owner: u32,
    cpu: i32,
    leader: i32,
    cap: u32,
    flags: u32,
    members: u32,
    reserved: u32,
    times: [u64; 12],
    state: [c_char; 16],
    name: [c_char; 32],
    comm: [c_char; 64],
}

/// What /proc/vbs says of a server; times in nanoseconds.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Server {
    pub id: u32,
    pub owner: u32,
    pub cpu: i32,
    pub leader: i32,
    pub params: Params,
    pub members: u32,
    pub consumed: u64,
    pub instances: u64,
    pub misses: u64,
    pub overruns: u64,
    pub overrun_worst: u64,
    pub switches: u64,
    pub switch_worst: u64,
    pub release_worst: u64,
    pub skipped: u64,
    pub lost: u64,
    pub state: String,
    pub name: String,
    pub comm: String,
}

mod sys {
    use super::*;

    #[repr(C)]
    pub struct List {
        _opaque: [u8; 0],
    }

    #[link(name = "vbs")]
    extern "C" {
        pub fn vbs_available() -> c_int;
        pub fn vbs_enter(pid: c_int, params: *const Params) -> c_int;
        pub fn vbs_switch(pid: c_int, params: *const Params) -> c_int;
        pub fn vbs_join(pid: c_int, member: c_int) -> c_int;
        pub fn vbs_leave(pid: c_int) -> c_int;
        pub fn vbs_get(pid: c_int, params: *mut Params, leader: *mut c_int) -> c_int;
        pub fn vbs_least_cap(runtime: u64, period: u64, flags: u32) -> u32;
        pub fn vbs_name(member: c_int, name: *const c_char) -> c_int;
        pub fn vbs_list_read(list: *mut *mut List) -> c_int;
        pub fn vbs_list_free(list: *mut List);
        pub fn vbs_list_cpus(list: *const List) -> c_uint;
        pub fn vbs_list_servers(list: *const List) -> c_uint;
        pub fn vbs_list_cpu(list: *const List, n: c_uint, info: *mut Cpu, size: usize) -> c_int;
        pub fn vbs_list_server(list: *const List, n: c_uint, info: *mut RawServer, size: usize)
            -> c_int;
    }
}

fn check(err: c_int) -> io::Result<()> {
    if err == 0 {
        Ok(())
    } else {
        Err(io::Error::from_raw_os_error(err))
    }
}

/// True if the running kernel has SCHED_VBS.
pub fn available() -> bool {
    unsafe { sys::vbs_available() == 0 }
}

/// Puts a thread into a new server of its own.
pub fn enter(pid: i32, params: &Params) -> io::Result<()> {
    check(unsafe { sys::vbs_enter(pid, params) })
}

/// Gives the server of a thread another resource.
pub fn switch(pid: i32, params: &Params) -> io::Result<()> {
    check(unsafe { sys::vbs_switch(pid, params) })
}

/// Puts a thread into the server of another one.
pub fn join(pid: i32, member: i32) -> io::Result<()> {
    check(unsafe { sys::vbs_join(pid, member) })
}

/// Takes a thread out of its server.
pub fn leave(pid: i32) -> io::Result<()> {
    check(unsafe { sys::vbs_leave(pid) })
}

/// The parameters of a thread's server, and its oldest member.
pub fn get(pid: i32) -> io::Result<(Params, i32)> {
    let (mut params, mut leader) = (Params::default(), 0);
    check(unsafe { sys::vbs_get(pid, &mut params, &mut leader) })?;
    Ok((params, leader))
}

/// The least cap that holds a resource, in units of 1/[`CPU`].
pub fn least_cap(params: &Params) -> u32 {
    unsafe { sys::vbs_least_cap(params.runtime, params.period, params.flags) }
}

/// Names the server of a thread, for vbsctl(1).
pub fn name(member: i32, name: &str) -> io::Result<()> {
    let name = CString::new(name).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    check(unsafe { sys::vbs_name(member, name.as_ptr()) })
}

struct List(*mut sys::List);

impl Drop for List {
    fn drop(&mut self) {
        unsafe { sys::vbs_list_free(self.0) }
    }
}

fn text(bytes: &[c_char]) -> String {
    debug_assert!(bytes.contains(&0));
    unsafe { CStr::from_ptr(bytes.as_ptr()) }.to_string_lossy().into_owned()
}

impl From<&RawServer> for Server {
    fn from(raw: &RawServer) -> Self {
        let [runtime, period, consumed, instances, misses, overruns, overrun_worst, switches, switch_worst, release_worst, skipped, lost] =
            raw.times;
        Self {
            id: raw.id,
            owner: raw.owner,
            cpu: raw.cpu,
            leader: raw.leader,
            params: Params { runtime, period, cap: raw.cap, flags: raw.flags },
            members: raw.members,
            consumed,
            instances,
            misses,
            overruns,
            overrun_worst,
            switches,
            switch_worst,
            release_worst,
            skipped,
            lost,
            state: text(&raw.state),
            name: text(&raw.name),
            comm: text(&raw.comm),
        }
    }
}

/// What /proc/vbs says at one instant.
pub fn read() -> io::Result<(Vec<Cpu>, Vec<Server>)> {
    let mut handle = std::ptr::null_mut();
    check(unsafe { sys::vbs_list_read(&mut handle) })?;
    let list = List(handle);
    let (mut cpus, mut servers) = (Vec::new(), Vec::new());
    for n in 0..unsafe { sys::vbs_list_cpus(list.0) } {
        let mut cpu = Cpu::default();
        check(unsafe { sys::vbs_list_cpu(list.0, n, &mut cpu, std::mem::size_of::<Cpu>()) })?;
        cpus.push(cpu);
    }
    for n in 0..unsafe { sys::vbs_list_servers(list.0) } {
        // All of its fields are good as zeros
        let mut raw: RawServer = unsafe { std::mem::zeroed() };
        check(unsafe {
            sys::vbs_list_server(list.0, n, &mut raw, std::mem::size_of::<RawServer>())
        })?;
        servers.push(Server::from(&raw));
    }
    Ok((cpus, servers))
}
