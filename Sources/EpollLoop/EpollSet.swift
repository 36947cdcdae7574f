import CEpoll
import Glibc

/// The set of descriptors that one thread waits for: epoll(7).
///
/// Each descriptor is in it with a tag, which comes back with its events.
struct EpollSet: ~Copyable {
    /// Events of one wait.
    private static let maxEvents = 512

    private let descriptor: Int32
    private let events: UnsafeMutablePointer<epoll_event>

    /// - Throws: `SocketError` where the process is out of descriptors.
    init() throws(SocketError) {
        descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard descriptor >= 0 else { throw SocketError("epoll_create1") }
        events = .allocate(capacity: Self.maxEvents)
    }

    deinit {
        Glibc.close(descriptor)
        events.deallocate()
    }

    /// - Returns: false where the system has no memory for it, or watches too many descriptors already.
    func add(_ descriptor: Int32, _ interest: EpollEvents, tag: UInt64) -> Bool {
        berth_epoll_control(self.descriptor, EPOLL_CTL_ADD, descriptor, interest.rawValue, tag) == 0
    }

    /// - Returns: false where the system has no memory for it.
    func change(_ descriptor: Int32, _ interest: EpollEvents, tag: UInt64) -> Bool {
        berth_epoll_control(self.descriptor, EPOLL_CTL_MOD, descriptor, interest.rawValue, tag) == 0
    }

    /// Closing a descriptor is not enough where another process has a copy of it: its events would go on.
    func remove(_ descriptor: Int32) {
        _ = berth_epoll_control(self.descriptor, EPOLL_CTL_DEL, descriptor, 0, 0)
    }

    /// Waits for events.
    ///
    /// - Parameter milliseconds: how long at most; 0: not at all; negative: without end.
    /// - Returns: how many there are; 0 too where a signal came.
    func wait(milliseconds: Int32) -> Int {
        Int(max(0, epoll_wait(descriptor, events, Int32(Self.maxEvents), milliseconds)))
    }

    /// - Parameter index: below what the last wait returned.
    func event(_ index: Int) -> (events: EpollEvents, tag: UInt64) {
        (
            EpollEvents(rawValue: berth_epoll_events(events, Int32(truncatingIfNeeded: index))),
            berth_epoll_data(events, Int32(truncatingIfNeeded: index))
        )
    }
}
