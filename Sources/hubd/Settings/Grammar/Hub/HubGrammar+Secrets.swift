extension HubGrammar {
    /// The places that keep secrets.
    static let secrets = Shape.object([
        Field("vault", vault, "HashiCorp Vault or OpenBao, key-value engine of version 2: vault:MOUNT/PATH#FIELD."),
        Field("aws", cloudSecrets("sessionToken", aws), "AWS Secrets Manager and KMS: aws-secrets:ID#FIELD, masterKey: aws-kms:ID."),
        Field("alibaba", cloudSecrets("securityToken"), "Alibaba Cloud KMS: alibaba-kms:NAME#FIELD."),
    ])

    private static let vault = Shape.object(
        ObjectShape(
            fields: [
                Field("address", .text(.url), "Where it is; https, but on this machine.").required,
                Field("token", .secret(.storeAccess), "The hub's token, renewed where it can be."),
                Field("appRole", appRole, "The hub's role."),
                Field("namespace", .text(.plain), "The namespace."),
                Field("mount", .text(.path), "A mount of several parts; by default the first part of a path is the mount."),
                Field("ca", .text(.path), "A PEM file of the authorities that vouch for it, in place of the system's."),
            ], exactlyOne: [["token", "appRole"]]))

    private static let appRole = Shape.object([
        Field("roleId", .text(.plainOrReference), "The role's identifier.").required,
        Field("secretId", .secret(.storeAccess), "The role's secret.").required,
        Field("mount", .text(.path), "Where the login method is; the default is approle."),
    ])

    private static let aws = [
        Field("kmsEndpoint", .text(.url), "Where KMS is, if not at the provider's own address; https, but on this machine.")
    ]

    private static func cloudSecrets(_ token: String, _ more: [Field] = []) -> Shape {
        let fields = [
            Field("region", .text(.plain), "The region.").required,
            Field("endpoint", .text(.url), "Where it is, if not at the provider's own address; https, but on this machine."),
            Field(
                "credential",
                .object([
                    Field("id", .text(.plainOrReference), "The access key's identifier.").required,
                    Field("secret", .secret(.storeAccess), "The access key's secret.").required,
                    Field(token, .secret(.storeAccess), "The token that belongs to a temporary key."),
                ]), "The account that reads secrets."
            ).required,
        ]
        return .object(fields + more)
    }
}
