using System.Text;
using Chancery.Server.Access.Idempotency;

namespace Chancery.Server.Tests.Access;

public sealed class BodyHashTests
{
    private const int Pieces = 200;

    [Fact]
    public void However_a_body_arrives_in_pieces_it_has_one_hash()
    {
        var random = new Random(7);
        var body = Form("----boundary7", "Some words, and -- and ----bound, which is none. ----boundary");
        var whole = HashOf("multipart/form-data; boundary=----boundary7", [body]);

        for (var i = 0; i < Pieces; i++)
        {
            var pieces = new List<byte[]>();
            for (var at = 0; at < body.Length; )
            {
                var length = Math.Min(random.Next(1, 40), body.Length - at);
                pieces.Add(body[at..(at + length)]);
                at += length;
            }

            Assert.Equal(whole, HashOf("multipart/form-data; boundary=----boundary7", pieces));
        }
    }

    [Fact]
    public void The_boundary_of_a_form_does_not_count_and_everything_else_does()
    {
        var first = HashOf("multipart/form-data; boundary=aaaa1111", [Form("aaaa1111", "Words.")]);

        Assert.Equal(first, HashOf("multipart/form-data; boundary=\"bbbb2222\"", [Form("bbbb2222", "Words.")]));
        Assert.NotEqual(first, HashOf("multipart/form-data; boundary=aaaa1111", [Form("aaaa1111", "Words!")]));
        Assert.NotEqual(first, HashOf("multipart/form-data; boundary=cccc3333", [Form("aaaa1111", "Words.")]));
        Assert.NotEqual(HashOf("application/json", ["{}"u8.ToArray()]), HashOf("text/plain", ["{}"u8.ToArray()]));
    }

    private static string HashOf(string type, IEnumerable<byte[]> pieces)
    {
        using var hash = new BodyHash(type);
        foreach (var piece in pieces)
        {
            hash.Append(piece);
        }

        return Convert.ToHexString(hash.Finish());
    }

    private static byte[] Form(string boundary, string text) =>
        Encoding.UTF8.GetBytes(
            $"--{boundary}\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\n{text}\r\n--{boundary}--\r\n"
        );
}
