using System.Text.RegularExpressions;
using Chancery.Testing;

namespace Chancery.Isolation.Tests;

/// <summary>Somebody who looks at pages with the page's own cookie.</summary>
internal sealed partial class PageAttack
{
    private readonly HttpClient _client;

    private PageAttack(HttpClient client) => _client = client;

    /// <summary>Signs in through the form, as a browser would.</summary>
    public static async Task<PageAttack> SignInAsync(
        ChanceryFixture chancery,
        TestUser user,
        CancellationToken cancellationToken
    )
    {
        var client = chancery.Anonymous();
        using var page = await client.GetAsync("/login", cancellationToken);
        var token = FormToken().Match(await page.Content.ReadAsStringAsync(cancellationToken)).Groups["token"].Value;
        using var form = new HttpRequestMessage(HttpMethod.Post, "/login");
        form.Headers.Add("Cookie", Cookies(page));
        form.Headers.Add("Sec-Fetch-Site", "same-origin");
        form.Content = new FormUrlEncodedContent(
            new Dictionary<string, string>
            {
                ["email"] = user.Email,
                ["password"] = user.Password,
                ["__RequestVerificationToken"] = token,
            }
        );

        using var answer = await client.SendAsync(form, cancellationToken);

        var cookies = Cookies(answer);
        Assert.Contains("__Host-chancery=", cookies, StringComparison.Ordinal);
        client.DefaultRequestHeaders.Add("Cookie", cookies);
        client.DefaultRequestHeaders.Add("Accept", "text/html");
        return new PageAttack(client);
    }

    /// <summary>What a browser says of a request that another site caused; and nothing, as the oldest browsers do.</summary>
    public static readonly (string Name, string Value)[] Foreign =
    [
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
        ("Origin", "https://evil.example"),
        ("Origin", "null"),
        ("", ""),
    ];

    public Task<Answer> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        Attack.SendAsync(_client, request, [], cancellationToken);

    /// <summary>The page's address with <paramref name="id"/> wherever an id stands.</summary>
    public static string AddressOf(Route page, Guid id) => Parameters().Replace(page.Pattern, id.ToString());

    /// <summary>Status and text, without the asked id and without what is drawn anew for each answer.</summary>
    public async Task<string> ReadAsync(Route page, Guid id, CancellationToken cancellationToken)
    {
        using var answer = await _client.GetAsync(AddressOf(page, id), cancellationToken);
        var text = await answer.Content.ReadAsStringAsync(cancellationToken);
        return $"{(int)answer.StatusCode} {FormToken().Replace(text, "").Replace(id.ToString(), "{id}", StringComparison.OrdinalIgnoreCase)}";
    }

    private static string Cookies(HttpResponseMessage answer) =>
        answer.Headers.TryGetValues("Set-Cookie", out var set)
            ? string.Join("; ", set.Select(cookie => cookie.Split(';')[0]))
            : "";

    [GeneratedRegex(@"name=""__RequestVerificationToken""[^>]*?value=""(?<token>[^""]+)""")]
    private static partial Regex FormToken();

    [GeneratedRegex(@"\{[^}]+\}")]
    private static partial Regex Parameters();
}
