using Npgsql;

namespace Chancery.Server.Platform.Secrets;

/// <summary>
/// Keys by which secrets of others are computed before they are stored, so that who has the database alone can try none.
/// Their name carries their version. Safe for concurrent use.
/// </summary>
/// <remarks>
/// Each is derived from the installation's first master key. From the first change of the master key on it is kept, wrapped by
/// the present one: what was computed with it must go on being recognised.
/// </remarks>
public sealed class Peppers(NpgsqlDataSource source, MasterKey masterKey)
{
    public const string ApiKeys = "api-key-pepper/v1";
    public const string OAuthClients = "oauth-client-pepper/v1";
    public const string DeviceCodes = "oauth-user-code/v1";

    /// <summary>What a change of the master key keeps. A new pepper is added here.</summary>
    public static readonly IReadOnlyList<string> All = [ApiKeys, OAuthClients, DeviceCodes];

    private const string FindSql = "SELECT wrapped FROM installation_keys WHERE purpose = 'pepper' AND key_id = $1";

    /// <exception cref="NpgsqlException">PostgreSQL cannot be reached.</exception>
    public byte[] Of(string name)
    {
        using var command = source.CreateCommand(FindSql);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = name });
        return command.ExecuteScalar() is byte[] wrapped
            ? masterKey.Unwrap(wrapped, PurposeOf(name))
            : masterKey.Derive(name);
    }

    internal static string PurposeOf(string name) => $"pepper/{name}";
}
