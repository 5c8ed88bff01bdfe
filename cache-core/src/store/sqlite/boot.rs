//! Tells which boot of the machine this is, and the time since it began.

use crate::clock::{Timestamp, wall_now};

/// The present boot, as the kernel calls it; `None`: it does not say.
pub(super) fn boot() -> Option<String> {
    let name = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// When the present boot began by the wall's clock, as it is now. Where the kernel does not say which boot it is in: the
/// beginning of time.
pub(super) fn origin() -> Timestamp {
    Timestamp::from_nanos(wall_now().as_nanos().saturating_sub(since_boot().as_nanos()))
}

/// The present moment, if the boot began at `origin`.
pub(super) fn now(origin: Timestamp) -> Timestamp {
    Timestamp::from_nanos(origin.as_nanos().saturating_add(since_boot().as_nanos()))
}

#[cfg(any(target_os = "android", target_os = "linux"))]
fn since_boot() -> Timestamp {
    use nix::time::{ClockId, clock_gettime};

    let time = clock_gettime(ClockId::CLOCK_BOOTTIME).expect("every kernel has this clock");
    Timestamp::from_nanos((time.tv_sec() as u64).wrapping_mul(1_000_000_000).wrapping_add(time.tv_nsec() as u64))
}

#[cfg(not(any(target_os = "android", target_os = "linux")))]
fn since_boot() -> Timestamp {
    wall_now()
}
