using System.Net;
using System.Text;
using Chancery.Testing;

namespace Chancery.Server.Tests.Access;

/// <summary>Forms that no page of ours sends, at every address that takes one.</summary>
public sealed class UnreadableFormTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/login")]
    [InlineData("/signup")]
    [InlineData("/invite")]
    [InlineData("/logout")]
    [InlineData("/forgot")]
    [InlineData("/reset")]
    [InlineData("/device")]
    [InlineData("/operator/sign-in")]
    [InlineData("/operator/sign-out")]
    [InlineData("/oauth/consent")]
    [InlineData("/oauth/authorize")]
    public async Task A_form_that_cannot_be_read_is_told_to_be_one(string path)
    {
        using var client = chancery.Anonymous();
        var many = string.Join('&', Enumerable.Range(0, 2000).Select(number => $"f{number}=x"));
        var parts = "--edge\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\nx";

        foreach (
            var (body, type) in new[]
            {
                ("email=a%00b&__RequestVerificationToken=%00", "application/x-www-form-urlencoded"),
                ("a%00=b", "application/x-www-form-urlencoded"),
                (many, "application/x-www-form-urlencoded"),
                (parts, "multipart/form-data; boundary=edge"),
                (parts, "multipart/form-data"),
            }
        )
        {
            using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            content.Headers.TryAddWithoutValidation("Content-Type", type);
            using var response = await client.PostAsync(path, content, Cancel);
            Assert.True(
                response.StatusCode == HttpStatusCode.BadRequest,
                $"{type} {body[..Math.Min(20, body.Length)]}: {response.StatusCode}"
            );
            Assert.Equal("malformed", await response.CodeAsync(HttpStatusCode.BadRequest));
        }
    }
}
