using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Chancery.Server.Platform.Settings;

namespace Chancery.Server.Platform.Tls;

/// <summary>Who vouches for certificates, from a bundle in PEM form, and what they took back. Immutable.</summary>
internal sealed class Authorities
{
    private Authorities(X509Certificate2Collection roots, X509Certificate2Collection intermediates) =>
        (Roots, Intermediates) = (roots, intermediates);

    /// <summary>Those that vouch for themselves: a chain that ends elsewhere is not believed.</summary>
    public X509Certificate2Collection Roots { get; }

    /// <summary>What the other side need not send.</summary>
    public X509Certificate2Collection Intermediates { get; }

    /// <summary>Null where nobody asks whether a certificate was taken back.</summary>
    public IReadOnlyList<RevocationList>? Lists { get; private init; }

    public IEnumerable<X509Certificate2> All => Roots.Concat(Intermediates);

    /// <param name="path">Of the bundle, for messages.</param>
    /// <exception cref="InvalidDataException">It is not whole, or holds no certificate, or none that vouches for itself.</exception>
    /// <exception cref="CryptographicException">One of its certificates cannot be read.</exception>
    public static Authorities Read(string path, byte[] bundle)
    {
        var all = new X509Certificate2Collection();
        all.ImportFromPem(PemText.Read(path, bundle));
        if (all.Count == 0)
        {
            throw new InvalidDataException($"{path} holds no certificate in PEM form");
        }

        var (roots, intermediates) = (new X509Certificate2Collection(), new X509Certificate2Collection());
        foreach (var one in all)
        {
            var vouchesForItself = one.SubjectName.RawData.AsSpan().SequenceEqual(one.IssuerName.RawData);
            (vouchesForItself ? roots : intermediates).Add(one);
        }

        return roots.Count > 0
            ? new Authorities(roots, intermediates)
            : throw new InvalidDataException($"{path} holds no root: no certificate that vouches for itself");
    }

    /// <summary>The same, with the lists of what they took back.</summary>
    /// <exception cref="InvalidDataException">A list is of somebody else, or not genuine, or says what nobody here understands.</exception>
    public static Authorities Read(string path, byte[] bundle, string listsPath, byte[] lists)
    {
        var read = Read(path, bundle);
        return new Authorities(read.Roots, read.Intermediates)
        {
            Lists = RevocationList.ReadAll(listsPath, lists, [.. read.All]),
        };
    }

    /// <summary>The authorities of a file that a setting names, read again when it changes.</summary>
    /// <exception cref="SettingException">It cannot be used.</exception>
    public static RenewedFiles<Authorities> Watch(string setting, string path, TimeProvider time)
    {
        try
        {
            return new RenewedFiles<Authorities>([path], contents => Read(path, contents[0]), time);
        }
        catch (Exception exception) when (RenewedFiles<Authorities>.IsUnusable(exception))
        {
            throw new SettingException(setting, $"{path} cannot be used: {exception.Message}");
        }
    }
}
