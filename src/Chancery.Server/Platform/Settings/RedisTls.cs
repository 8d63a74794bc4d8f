namespace Chancery.Server.Platform.Settings;

/// <summary>How the operator's Redis is held against certificates; without any path by the authorities of the machine.</summary>
/// <param name="AuthoritiesPath">REDIS_CA_CERT_PATH: whom its certificate has to come from.</param>
/// <param name="CertificatePath">REDIS_CERT_FILE: what the server shows of itself.</param>
/// <param name="KeyPath">REDIS_KEY_FILE: the key that belongs to it.</param>
public sealed record RedisTls(string? AuthoritiesPath, string? CertificatePath, string? KeyPath)
{
    public const string AuthoritiesName = "REDIS_CA_CERT_PATH";
    public const string CertificateName = "REDIS_CERT_FILE";
    public const string KeyName = "REDIS_KEY_FILE";
    private const string UseName = "REDIS_USE_SSL";
    private const string PasswordName = "REDIS_PASSWORD";

    private static readonly string[] Names = [AuthoritiesName, CertificateName, KeyName];

    /// <summary>
    /// An address with REDIS_USE_SSL, REDIS_PASSWORD and the files of TLS. TLS is what either address or setting says, and
    /// nothing takes it away again.
    /// </summary>
    /// <exception cref="SettingException">A value cannot be used, or says something of a TLS or a Redis that is not there.</exception>
    internal static RedisSettings? Apply(IConfiguration configuration, RedisSettings? redis)
    {
        var wanted = configuration[UseName]?.Trim().ToLowerInvariant() switch
        {
            null or "" or "false" or "0" => false,
            "true" or "1" => true,
            _ => throw new SettingException(UseName, "takes true or false"),
        };
        var password = SecretSetting.Read(configuration, PasswordName);
        if (redis is null)
        {
            return wanted
                ? throw new SettingException(
                    UseName,
                    $"is for a Redis of yours, and {ConnectionSettings.RedisName} names none; the private one stays on this machine"
                )
                : null;
        }

        var isTls = redis.Tls || wanted;
        var paths = Names.Select(name => configuration[name]?.Trim() is { Length: > 0 } path ? path : null).ToList();
        if (!isTls && Names.Zip(paths).FirstOrDefault(pair => pair.Second is not null).First is { } idle)
        {
            throw new SettingException(
                idle,
                $"is set, though Redis is reached without TLS: set {UseName}=true, or begin {ConnectionSettings.RedisName} with rediss://"
            );
        }

        if (paths[1] is null != paths[2] is null)
        {
            throw new SettingException(
                paths[1] is null ? CertificateName : KeyName,
                $"is missing, though {(paths[1] is null ? KeyName : CertificateName)} is set"
            );
        }

        return redis with
        {
            Tls = isTls,
            Password = redis.Password ?? password,
            Files = paths.All(path => path is null) ? null : new RedisTls(paths[0], paths[1], paths[2]),
        };
    }
}
