/// What the command line says about settings.
struct SettingsFlags: Sendable {
    /// `--config`.
    var config: String?
    /// `--data`.
    var data: String?
    /// `--listen`.
    var listen: String?
    /// `--admin`.
    var admin: String?
}

/// The settings that stand above `hub.yaml`, each with what it came from.
///
/// 1. A flag.
/// 2. `HUBD_CONFIG`, `HUBD_LISTEN`, `HUBD_ADMIN_LISTEN`, `HUBD_DATA_DIR`; empty is the same as not set.
/// 3. The file, then the default: not here.
struct SettingsOverrides: Sendable {
    /// The file; nil is `hub.yaml`.
    var config: Placed<String>?
    /// The data folder.
    var data: Placed<String>?
    /// The public listener.
    var listen: Placed<String>?
    /// The admin listener.
    var admin: Placed<String>?

    /// Nothing above the file.
    init() {}

    /// Flags over variables.
    init(flags: SettingsFlags, environment: [String: String]) {
        func pick(_ flag: String?, _ option: String, _ variable: String) -> Placed<String>? {
            if let flag { return Placed(value: flag, place: SourcePlace(file: option)) }
            guard let value = environment[variable], !value.isEmpty else { return nil }
            return Placed(value: value, place: SourcePlace(file: variable))
        }
        config = pick(flags.config, "--config", "HUBD_CONFIG")
        data = pick(flags.data, "--data", "HUBD_DATA_DIR")
        listen = pick(flags.listen, "--listen", "HUBD_LISTEN")
        admin = pick(flags.admin, "--admin", "HUBD_ADMIN_LISTEN")
    }

    /// The file to read.
    var configPath: String { config?.value ?? "hub.yaml" }
}
