using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Chancery.Server.Platform.Tls;
using Chancery.Testing;

namespace Chancery.Server.Tests.Tls;

/// <summary>A certificate and its key, renewed by somebody who does not always get it right.</summary>
public sealed class RenewedFilesTests
{
    private const string Half = "is not whole: it ends within a block of PEM";

    [Theory]
    [InlineData("no certificate file", "Could not find file")]
    [InlineData("no key file", "Could not find file")]
    [InlineData("a directory", "is denied")]
    [InlineData("an empty certificate", "own.crt holds no certificate in PEM form")]
    [InlineData("half a certificate", Half)]
    [InlineData("half a chain", Half)]
    [InlineData("half a key", Half)]
    [InlineData("no key in it", "own.key holds no private key in PEM form")]
    [InlineData("another's key", "does not belong to the certificate of CN=renewed")]
    [InlineData("a key with a passphrase", "own.key holds a key with a passphrase")]
    [InlineData("more than anybody has", "holds more than 64 MiB")]
    public void What_cannot_be_used_leaves_the_certificate_before_in_use_and_is_told_once(string fault, string told)
    {
        using var files = new RenewedFolder();
        using var authority = new TestAuthority();
        using var first = authority.Issue("first");
        using var renewed = authority.Issue("renewed");
        var (certificate, key) = files.Write("own", first);
        var clock = new MovedClock();
        var watched = Watch(certificate, key, clock);
        var (reasons, taken) = (new List<string>(), new List<SslStreamCertificateContext>());
        SslStreamCertificateContext Look()
        {
            clock.Ahead += TimeSpan.FromSeconds(5);
            return watched.Current(taken.Add, exception => reasons.Add(exception.Message));
        }

        var before = Look();
        files.Write("own", renewed, authority.Pem);
        Break(files, fault, first.GetECDsaPrivateKey()!, File.ReadAllText(certificate), File.ReadAllText(key));
        var after = new[] { Look(), Look() };

        Assert.All(after, context => Assert.Same(before, context));
        Assert.True(watched.IsStale);
        Assert.Contains(told, Assert.Single(reasons), StringComparison.Ordinal);

        Mend(files, fault);
        files.Write("own", renewed, authority.Pem);
        Assert.Equal("CN=renewed", Look().TargetCertificate.Subject);
        Assert.False(watched.IsStale);
        Assert.Single(taken);
        Assert.Single(reasons);
    }

    [Fact]
    public void A_chain_of_thousands_that_do_not_belong_to_it_is_left_out()
    {
        using var files = new RenewedFolder();
        using var authority = new TestAuthority();
        using var between = new TestAuthority("Intermediate of the tests", authority);
        using var other = new TestAuthority("Somebody else");
        using var own = between.Issue("own");
        var (certificate, key) = files.Write(
            "own",
            own,
            string.Concat(Enumerable.Repeat(other.Pem, 2000)) + between.Pem
        );

        var read = Watch(certificate, key, TimeProvider.System).Current(_ => { }, _ => { });

        Assert.Equal("CN=Intermediate of the tests", Assert.Single(read.IntermediateCertificates).Subject);
    }

    private static RenewedFiles<SslStreamCertificateContext> Watch(string certificate, string key, TimeProvider time) =>
        new([certificate, key], contents => OwnCertificate.Load(certificate, contents[0], key, contents[1]), time);

    private static void Break(RenewedFolder files, string fault, ECDsa another, string certificate, string key)
    {
        var (certificatePath, keyPath) = (Path.Combine(files.Path, "own.crt"), Path.Combine(files.Path, "own.key"));
        switch (fault)
        {
            case "no certificate file":
                File.Delete(certificatePath);
                break;
            case "no key file":
                File.Delete(keyPath);
                break;
            case "a directory":
                File.Delete(keyPath);
                Directory.CreateDirectory(keyPath);
                break;
            case "an empty certificate":
                files.Write("own.crt", "");
                break;
            case "half a certificate":
                files.Write("own.crt", certificate[..100]);
                break;
            case "half a chain":
                files.Write("own.crt", certificate[..^100]);
                break;
            case "half a key":
                files.Write("own.key", key[..60]);
                break;
            case "no key in it":
                files.Write("own.key", certificate);
                break;
            case "another's key":
                files.Write("own.key", another.ExportPkcs8PrivateKeyPem());
                break;
            case "a key with a passphrase":
                files.Write(
                    "own.key",
                    another.ExportEncryptedPkcs8PrivateKeyPem(
                        "of the tests",
                        new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000)
                    )
                );
                break;
            default:
                File.Delete(keyPath);
                File.CreateSymbolicLink(keyPath, "/dev/zero");
                break;
        }
    }

    private static void Mend(RenewedFolder files, string fault)
    {
        if (fault == "a directory")
        {
            Directory.Delete(Path.Combine(files.Path, "own.key"));
        }
    }
}
