using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Chancery.Server.Platform.Tls;

namespace Chancery.Server.Tests.Tls;

/// <summary>Lists of what authorities took back: which are believed, and which of several counts.</summary>
public sealed class RevocationListTests
{
    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    [Fact]
    public void Of_several_lists_by_one_key_the_latest_counts()
    {
        using var authority = new TestAuthority();
        using var back = authority.Issue("on hold once and back");
        var (older, newer) = (authority.Revoke(Now.AddHours(1), back), authority.Revoke(Now.AddDays(1)));

        Assert.Null(Judge(back, authority.Pem, newer + older).WhyNot);
    }

    [Fact]
    public void An_authority_with_a_new_key_and_its_old_name_has_taken_back_what_stands_on_either_list()
    {
        using var before = new TestAuthority();
        using var since = new TestAuthority();
        using var revoked = before.Issue("revoked");
        using var right = before.Issue("right");
        var lists = before.Revoke(Now.AddHours(1), revoked) + since.Revoke(Now.AddDays(1));

        Assert.Equal("it was revoked", Judge(revoked, before.Pem + since.Pem, lists).WhyNot);
        Assert.Null(Judge(right, before.Pem + since.Pem, lists).WhyNot);
    }

    [Fact]
    public void What_counts_counts_until_the_first_of_certificate_authority_and_list_ends()
    {
        using var authority = new TestAuthority();
        using var early = authority.Issue("early", to: Now.AddHours(1));
        using var late = authority.Issue("late");
        var list = authority.Revoke(Now.AddDays(1));

        Assert.Equal(PeerCertificate.EndOf(early), Judge(early, authority.Pem, list).Until);
        Assert.InRange(Judge(late, authority.Pem, list).Until, Now.AddHours(23), Now.AddHours(25));
    }

    [Fact]
    public void A_list_of_an_intermediate_that_the_bundle_does_not_hold_is_refused_with_what_to_do()
    {
        using var authority = new TestAuthority();
        using var between = new TestAuthority("Intermediate of the tests", authority);

        var fault = Assert.Throws<InvalidDataException>(() => Read(authority.Pem, between.Revoke(Now.AddDays(1))));

        Assert.Contains("the bundle has to hold its certificate", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_that_tells_of_changes_only_is_no_whole_one_and_refused()
    {
        using var authority = new TestAuthority();

        var fault = Assert.Throws<InvalidDataException>(() => Read(authority.Pem, Delta(authority)));

        Assert.Contains("critical extension 2.5.29.27", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_that_was_changed_after_it_was_signed_is_refused()
    {
        using var authority = new TestAuthority();
        using var revoked = authority.Issue("revoked");
        var list = Decoded(authority.Revoke(Now.AddDays(1), revoked));
        var at = list.AsSpan().IndexOf(revoked.SerialNumberBytes.Span);
        list[at + 3] ^= 1;

        var fault = Assert.Throws<InvalidDataException>(() => Read(authority.Pem, Encoded(list)));

        Assert.Contains("no authority of the bundle signed", fault.Message, StringComparison.Ordinal);
    }

    private static Judgement Judge(X509Certificate2 certificate, string authorities, string lists) =>
        PeerCertificate.Judge(certificate, [], Read(authorities, lists), CertificateUse.Client, Now);

    private static Authorities Read(string authorities, string lists) =>
        Authorities.Read("ca.pem", Encoding.UTF8.GetBytes(authorities), "crl.pem", Encoding.UTF8.GetBytes(lists));

    private static byte[] Decoded(string pem)
    {
        var fields = PemEncoding.Find(pem);
        return Convert.FromBase64String(pem[fields.Base64Data]);
    }

    private static string Encoded(byte[] list) => PemEncoding.WriteString("X509 CRL", list);

    /// <summary>An empty list with the extension that says which earlier list it adds to (RFC 5280, 5.2.4).</summary>
    private static string Delta(TestAuthority authority)
    {
        var whole = new AsnReader(Decoded(authority.Revoke(Now.AddDays(1))), AsnEncodingRules.DER).ReadSequence();
        var body = whole.ReadSequence();
        var algorithm = whole.ReadEncodedValue();
        var changed = new AsnWriter(AsnEncodingRules.DER);
        using (changed.PushSequence())
        {
            while (body.HasData && !body.PeekTag().HasSameClassAndValue(new Asn1Tag(TagClass.ContextSpecific, 0)))
            {
                changed.WriteEncodedValue(body.ReadEncodedValue().Span);
            }

            using (changed.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
            using (changed.PushSequence())
            using (changed.PushSequence())
            {
                changed.WriteObjectIdentifier("2.5.29.27");
                changed.WriteBoolean(true);
                changed.WriteOctetString([2, 1, 1]);
            }
        }

        using var key = authority.Certificate.GetECDsaPrivateKey()!;
        var signed = new AsnWriter(AsnEncodingRules.DER);
        using (signed.PushSequence())
        {
            signed.WriteEncodedValue(changed.Encode());
            signed.WriteEncodedValue(algorithm.Span);
            signed.WriteBitString(
                key.SignData(changed.Encode(), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)
            );
        }

        return Encoded(signed.Encode());
    }
}
