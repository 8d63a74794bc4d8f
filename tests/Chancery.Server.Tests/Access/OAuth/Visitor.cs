using System.Net;
using System.Text.RegularExpressions;
using Chancery.Testing;
using Microsoft.AspNetCore.WebUtilities;

namespace Chancery.Server.Tests.Access.OAuth;

/// <summary>Somebody at a browser: keeps cookies, fills in forms, follows nothing by itself.</summary>
internal sealed partial class Visitor(HttpClient http) : IDisposable
{
    private readonly Dictionary<string, string> _cookies = new(StringComparer.Ordinal);

    /// <summary>What the browser keeps: a copy to look at, or to steal.</summary>
    public IReadOnlyDictionary<string, string> Cookies
    {
        get => new Dictionary<string, string>(_cookies);
        set
        {
            _cookies.Clear();
            foreach (var (name, text) in value)
            {
                _cookies[name] = text;
            }
        }
    }

    /// <summary>Whether it holds a sign-in.</summary>
    public bool IsSignedIn => _cookies.TryGetValue("__Host-chancery", out var value) && value.Length > 0;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>A browser in which the person is signed in.</summary>
    public static Task<Visitor> SignInAsync(ChanceryFixture chancery, TestUser user) =>
        SignInAsync(chancery.Anonymous(), user);

    public static async Task<Visitor> SignInAsync(HttpClient http, TestUser user)
    {
        var visitor = new Visitor(http);
        using var page = await visitor.GetAsync("/login");
        using var answer = await visitor.SubmitAsync(
            page,
            "/login",
            ("email", user.Email),
            ("password", user.Password)
        );
        Assert.Equal("/", answer.Headers.Location?.OriginalString);
        return visitor;
    }

    public async Task<HttpResponseMessage> GetAsync(string address)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Add("Accept", "text/html");
        return await SendAsync(request);
    }

    /// <summary>Sends the form of a page that goes there, with what the page hid in it.</summary>
    public async Task<HttpResponseMessage> SubmitAsync(
        HttpResponseMessage page,
        string action,
        params (string Name, string Value)[] fields
    )
    {
        var html = await page.Content.ReadAsStringAsync(Cancel);
        var form = Form()
            .Matches(html)
            .FirstOrDefault(form =>
                WebUtility.HtmlDecode(form.Groups["action"].Value).Split('?')[0] == action.Split('?')[0]
            );
        var hidden = Hidden()
            .Matches(form?.Value ?? html)
            .Select(match =>
                (Name: match.Groups["name"].Value, Value: WebUtility.HtmlDecode(match.Groups["value"].Value))
            )
            .Where(field => fields.All(given => given.Name != field.Name));
        return await PostAsync(action, [.. hidden, .. fields]);
    }

    public async Task<HttpResponseMessage> PostAsync(string action, params (string Name, string Value)[] fields)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, action);
        request.Headers.Add("Sec-Fetch-Site", "same-origin");
        request.Content = new FormUrlEncodedContent(
            fields.Select(field => new KeyValuePair<string, string>(field.Name, field.Value))
        );
        return await SendAsync(request);
    }

    /// <summary>Asks, says yes, and answers where that leads.</summary>
    public async Task<Returned> AllowAsync(string request, string decision = "allow")
    {
        using var page = await GetAsync("/oauth/authorize?" + request);
        var html = await page.Content.ReadAsStringAsync(Cancel);
        Assert.True(page.StatusCode == HttpStatusCode.OK, $"{page.StatusCode} {page.Headers.Location}: {html}");
        using var answer = await SubmitAsync(page, "/oauth/consent", ("decision", decision));
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        return Returned.To(answer);
    }

    public void Dispose() => http.Dispose();

    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request)
    {
        if (_cookies.Count > 0)
        {
            request.Headers.Add("Cookie", string.Join("; ", _cookies.Select(pair => $"{pair.Key}={pair.Value}")));
        }

        var response = await http.SendAsync(request, Cancel);
        if (response.Headers.TryGetValues("Set-Cookie", out var set))
        {
            foreach (var cookie in set)
            {
                var pair = cookie.Split(';')[0].Split('=', 2);
                _cookies[pair[0]] = pair[1];
            }
        }

        return response;
    }

    [GeneratedRegex("<form [^>]*action=\"(?<action>[^\"]*)\".*?</form>", RegexOptions.Singleline)]
    private static partial Regex Form();

    [GeneratedRegex("<input type=\"hidden\" name=\"(?<name>[^\"]+)\"[^>]*? value=\"(?<value>[^\"]*)\"")]
    private static partial Regex Hidden();
}

/// <summary>Where an application gets its people back.</summary>
internal sealed record Returned(string Address, IReadOnlyDictionary<string, string> Answer)
{
    public string Code => Answer["code"];

    public static Returned To(HttpResponseMessage response)
    {
        var location = response.Headers.Location!.OriginalString;
        var question = location.IndexOf('?', StringComparison.Ordinal);
        return question < 0
            ? new Returned(location, new Dictionary<string, string>())
            : new Returned(
                location[..question],
                QueryHelpers
                    .ParseQuery(location[question..])
                    .ToDictionary(pair => pair.Key, pair => pair.Value.ToString())
            );
    }
}
