import ArgumentParser
import FoundationEssentials
import HubStore
import Logging

/// What a command needs that acts on the hub's store, beside a hub that may be running.
struct StoreAccess {
    /// The settings of the configuration, or the defaults where only the data folder is named and there is no configuration.
    let settings: Settings
    /// Where the data is.
    let data: DataDirectory
    /// The master key.
    let masterKey: MasterKeySource
    /// The ways to secrets, and to what is asked over the network.
    let ways: SecretAccess

    /// Reads the configuration, and makes the data folder where it is missing.
    ///
    /// - Parameter earlier: a master key that is needed beside the configured one.
    init(_ options: ConfigOptions, earlier: SecretReference? = nil) async throws {
        ProcessHardening.apply()
        let overrides = options.overrides()
        let isOnlyData = overrides.data != nil && overrides.config == nil && FileStamp(overrides.configPath) == nil
        if let data = overrides.data, isOnlyData {
            var settings = Settings()
            settings.dataDirectory = data.value
            self.settings = settings
        } else {
            let (loaded, findings) = SettingsLoader.load(path: overrides.configPath, overrides: overrides)
            guard let loaded else {
                findings.print()
                throw ExitCode(1)
            }
            settings = loaded
        }
        do {
            data = try DataDirectory(path: settings.dataDirectory)
        } catch {
            throw CommandFailure(error.description)
        }
        let access = SecretAccess(
            for: settings, environment: ProcessInfo.processInfo.environment, logger: Logger(label: "hubd") { _ in SwiftLogNoOpLogHandler() }
        )
        // Where the master key itself is kept elsewhere; all other secrets are none of this command's business.
        let keys = [settings.masterKey, earlier].compactMap { $0 }
        if keys.contains(where: \.scheme.isRemote), let wrong = await access.open(settings.secretStores, isForced: true).first {
            throw CommandFailure(wrong.description)
        }
        masterKey = access.masterKey
        ways = access
    }

    /// The secrets of the store, which is made where it is missing.
    func secrets(for purpose: SecretRepository.Purpose = .reference) throws(CommandFailure) -> SecretRepository {
        do {
            return SecretRepository(try HubDatabase(path: data.storePath), purpose: purpose)
        } catch {
            throw CommandFailure(error.description)
        }
    }

    /// What was decided about tools; the store is made where it is missing.
    func approvals() throws(CommandFailure) -> ApprovalRepository {
        do {
            return ApprovalRepository(try HubDatabase(path: data.storePath))
        } catch {
            throw CommandFailure(error.description)
        }
    }

    /// Runs what may fail in the ways of settings, the data folder and the store, and says why in words.
    static func explaining<T>(_ body: () async throws -> T) async throws -> T {
        do {
            return try await body()
        } catch let error as StoreError {
            throw CommandFailure(error.description)
        } catch let error as DataDirectory.DataError {
            throw CommandFailure(error.description)
        } catch let finding as ConfigFinding {
            throw CommandFailure(finding.description)
        }
    }
}
