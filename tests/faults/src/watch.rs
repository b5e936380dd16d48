//! Which files are looked at: those below one directory.

use std::ffi::CStr;
use std::sync::OnceLock;

use libc::{c_char, c_int, stat64};

/// Longest path.
const LONGEST: usize = 4_096;

static DIRECTORY: OnceLock<&'static [u8]> = OnceLock::new();

/// A variable of the environment; lives as long as the process, which does not change it.
pub(crate) fn variable(name: &CStr) -> Option<&'static CStr> {
    // SAFETY: the name is a C string, and the program has one thread yet.
    let value = unsafe { libc::getenv(name.as_ptr()) };
    if value.is_null() {
        return None;
    }
    // SAFETY: a variable's value is a C string.
    Some(unsafe { CStr::from_ptr(value) })
}

/// Learns the directory's name.
pub(crate) fn begin() {
    if let Some(directory) = variable(c"FAULTS_DIRECTORY") {
        let _ = DIRECTORY.set(directory.to_bytes());
    }
}

/// The directory's name.
pub(crate) fn directory() -> Option<&'static [u8]> {
    DIRECTORY.get().copied()
}

/// Whether a path is that of the directory, or of something below it.
fn below(path: &[u8]) -> bool {
    directory().is_some_and(|directory| {
        path.strip_prefix(directory).is_some_and(|rest| rest.is_empty() || rest.first() == Some(&b'/'))
    })
}

/// A path of the system.
pub(crate) struct Path {
    bytes: [u8; LONGEST],
    length: usize,
}

impl Path {
    fn new() -> Self {
        Self { bytes: [0; LONGEST], length: 0 }
    }

    fn push(&mut self, more: &[u8]) -> Option<()> {
        let end = self.length.checked_add(more.len())?;
        self.bytes.get_mut(self.length..end)?.copy_from_slice(more);
        self.length = end;
        // Always followed by a zero, so that it is a C string, too.
        *self.bytes.get_mut(end)? = 0;
        Some(())
    }

    /// What a descriptor refers to, as the system names it.
    fn of_descriptor(fd: c_int) -> Option<Self> {
        let mut name = Self::new();
        name.push(b"/proc/self/fd/")?;
        let mut digits = [0_u8; 10];
        let mut rest = u32::try_from(fd).ok()?;
        let mut first = digits.len();
        loop {
            first = first.checked_sub(1)?;
            *digits.get_mut(first)? = b'0' + u8::try_from(rest % 10).ok()?;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        name.push(digits.get(first..)?)?;
        let mut path = Self::new();
        // SAFETY: the name is a C string, and as many bytes as are said can be written, one less than there are.
        let length = unsafe { libc::readlink(name.as_c(), path.bytes.as_mut_ptr().cast(), LONGEST - 1) };
        path.length = usize::try_from(length).ok()?;
        *path.bytes.get_mut(path.length)? = 0;
        Some(path)
    }

    /// A path as given to a call, with what it is relative to put before it.
    ///
    /// # Safety
    /// `path` is a C string.
    pub(crate) unsafe fn given(at: c_int, path: *const c_char) -> Option<Self> {
        if path.is_null() {
            return None;
        }
        // SAFETY: the caller says so.
        let given = unsafe { CStr::from_ptr(path) }.to_bytes();
        let mut whole = Self::new();
        if given.first() != Some(&b'/') {
            if at == libc::AT_FDCWD {
                // SAFETY: as many bytes as are said can be written.
                let here = unsafe { libc::getcwd(whole.bytes.as_mut_ptr().cast(), LONGEST) };
                if here.is_null() {
                    return None;
                }
                // SAFETY: it was just written as a C string.
                whole.length = unsafe { CStr::from_ptr(here) }.count_bytes();
            } else {
                whole = Self::of_descriptor(at)?;
            }
            whole.push(b"/")?;
        }
        whole.push(given)?;
        while whole.length > 1 && whole.bytes.get(whole.length - 1) == Some(&b'/') {
            whole.length -= 1;
            *whole.bytes.get_mut(whole.length)? = 0;
        }
        below(whole.bytes()).then_some(whole)
    }

    /// The path.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// The path as a C string.
    pub(crate) fn as_c(&self) -> *const c_char {
        self.bytes.as_ptr().cast()
    }

    /// Its last part.
    pub(crate) fn name(&self) -> &[u8] {
        self.bytes().rsplit(|byte| *byte == b'/').next().unwrap_or_default()
    }

    /// Number of the directory that it lies in.
    pub(crate) fn parent(&self) -> u64 {
        let mut parent = Self::new();
        let length = self.length.saturating_sub(self.name().len() + 1);
        if parent.push(self.bytes.get(..length).unwrap_or_default()).is_none() {
            return 0;
        }
        parent.stat().map_or(0, |found| found.st_ino)
    }

    /// What is there; a link is not followed.
    pub(crate) fn stat(&self) -> Option<stat64> {
        let mut found = std::mem::MaybeUninit::<stat64>::uninit();
        // SAFETY: the path is a C string, and there is room for the answer.
        let asked = unsafe { libc::lstat64(self.as_c(), found.as_mut_ptr()) };
        // SAFETY: it was filled where the call succeeded.
        (asked == 0).then(|| unsafe { found.assume_init() })
    }
}

/// What an open file is, if it is one that is looked at.
pub(crate) fn descriptor(fd: c_int) -> Option<stat64> {
    directory()?;
    let mut found = std::mem::MaybeUninit::<stat64>::uninit();
    // SAFETY: there is room for the answer.
    if unsafe { libc::fstat64(fd, found.as_mut_ptr()) } != 0 {
        return None;
    }
    // SAFETY: it was filled, since the call succeeded.
    let found = unsafe { found.assume_init() };
    let kind = found.st_mode & libc::S_IFMT;
    if kind != libc::S_IFREG && kind != libc::S_IFDIR {
        return None;
    }
    Path::of_descriptor(fd).is_some_and(|path| below(path.bytes())).then_some(found)
}
