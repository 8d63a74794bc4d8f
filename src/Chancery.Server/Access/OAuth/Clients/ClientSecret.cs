using System.Security.Cryptography;
using System.Text;
using Chancery.Server.Platform.Secrets;

namespace Chancery.Server.Access.OAuth.Clients;

/// <summary>Secrets of clients: 32 random bytes in hexadecimal, of which a keyed hash is stored. Safe for concurrent use.</summary>
internal sealed class ClientSecret(Peppers peppers, TimeProvider time)
{
    public const int PepperVersion = 1;

    private readonly byte[] _pepper = peppers.Of(Peppers.OAuthClients);

    public static string Create() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    public byte[] MacOf(string secret) => HMACSHA256.HashData(_pepper, Encoding.UTF8.GetBytes(secret));

    /// <summary>Whether it is the client's, or the one before it in the time of their overlap.</summary>
    public bool Fits(OAuthClient client, string secret)
    {
        var mac = MacOf(secret);
        return (client.SecretMac is { } current && CryptographicOperations.FixedTimeEquals(current, mac))
            || (
                client.OldSecret is { } old
                && old.Until > time.GetUtcNow()
                && CryptographicOperations.FixedTimeEquals(old.Mac, mac)
            );
    }
}
