import EtcdClient

extension EtcdEntryStore.Refusal {
    /// 1: the entry was left unchanged on purpose; 2: the change is not possible.
    var exitCode: Int32 {
        switch self {
        case .exists, .registered, .changed: 1
        case .value, .denied, .failed: 2
        }
    }
}
