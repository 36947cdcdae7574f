import CEpoll

/// What `epoll_wait` reports of a descriptor, see epoll_ctl(2).
package struct EpollEvents: OptionSet {
    package let rawValue: UInt32

    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// Bytes, a connection, or the end of the input can be read.
    package static let input = EpollEvents(EPOLLIN)
    /// Urgent data: a read stops before it.
    package static let urgent = EpollEvents(EPOLLPRI)
    /// Bytes can be written.
    package static let output = EpollEvents(EPOLLOUT)
    package static let error = EpollEvents(EPOLLERR)
    /// Neither direction is open any more.
    package static let hangUp = EpollEvents(EPOLLHUP)
    /// The peer has closed its half.
    package static let peerClosed = EpollEvents(EPOLLRDHUP)
    /// Reports a change once, not a state each time.
    package static let edgeTriggered = EpollEvents(EPOLLET)
    /// Of several sets with the same socket one is woken. The events that a source is watched for cannot be changed then.
    package static let exclusive = EpollEvents(EPOLLEXCLUSIVE)

    private init(_ event: EPOLL_EVENTS) {
        rawValue = UInt32(event.rawValue)
    }
}
