using System.Text.Json;
using Chancery.Server.Platform.Http;
using Chancery.Testing;

namespace Chancery.Server.Tests.Http;

public sealed class GuardedAddressTests
{
    private static readonly GuardedAddress Rules = new(new GuardedHttpOptions());

    [Theory]
    [InlineData("http://example.com/")]
    [InlineData("HTTPS://Example.com:443/a?b=c#d")]
    [InlineData("http://example.com:80")]
    [InlineData("http://example.com:443/")]
    [InlineData("https://bücher.example.com/ä")]
    [InlineData("http://8.8.8.8/")]
    [InlineData("http://[2606:4700:4700::1111]/")]
    [InlineData("https://a_b.example.com./x//y@z")]
    public void Addresses_of_the_open_web_pass(string text)
    {
        var (address, failure) = Rules.Check(text);

        Assert.Null(failure);
        Assert.Equal("", address!.Fragment);
    }

    [Theory]
    [InlineData(null, GuardedFailure.Address)]
    [InlineData("", GuardedFailure.Address)]
    [InlineData("example.com", GuardedFailure.Address)]
    [InlineData("/etc/passwd", GuardedFailure.Address)]
    [InlineData("file:///etc/passwd", GuardedFailure.Address)]
    [InlineData("ftp://example.com/", GuardedFailure.Address)]
    [InlineData("gopher://example.com/", GuardedFailure.Address)]
    [InlineData("javascript:alert(1)", GuardedFailure.Address)]
    [InlineData("http:example.com", GuardedFailure.Address)]
    [InlineData("http:/example.com", GuardedFailure.Address)]
    [InlineData("http://", GuardedFailure.Address)]
    [InlineData("http://user@example.com/", GuardedFailure.Address)]
    [InlineData("http://user:pw@example.com/", GuardedFailure.Address)]
    [InlineData("http://@example.com/", GuardedFailure.Address)]
    [InlineData("http://:@example.com/", GuardedFailure.Address)]
    [InlineData("http://example.com\\@127.0.0.1/", GuardedFailure.Address)]
    [InlineData("http://example.com\\.evil.com/", GuardedFailure.Address)]
    [InlineData("http://exam ple.com/", GuardedFailure.Address)]
    [InlineData("http://example.com/\r\nHost: x", GuardedFailure.Address)]
    [InlineData("http://exam\u200bple.com/", GuardedFailure.Address)]
    [InlineData("http://example.com:22/", GuardedFailure.Port)]
    [InlineData("https://example.com:8443/", GuardedFailure.Port)]
    [InlineData("http://8.8.8.8:25/", GuardedFailure.Port)]
    [InlineData("http://localhost/", GuardedFailure.Inside)]
    [InlineData("http://LOCALHOST./", GuardedFailure.Inside)]
    [InlineData("http://a.localhost/", GuardedFailure.Inside)]
    [InlineData("http://metadata/", GuardedFailure.Inside)]
    [InlineData("http://metadata.google.internal/", GuardedFailure.Inside)]
    [InlineData("http://printer.local/", GuardedFailure.Inside)]
    public void What_is_no_address_of_the_open_web_is_refused_before_anything_is_asked(
        string? text,
        GuardedFailure expected
    )
    {
        var (address, failure) = Rules.Check(text);

        Assert.Null(address);
        Assert.Equal(expected, failure);
    }

    [Fact]
    public void Every_way_to_write_an_inside_address_is_refused()
    {
        var passed = OddNotations
            .Of(127, 0, 0, 1)
            .Concat(OddNotations.Of(169, 254, 169, 254))
            .Concat(OddNotations.Of(10, 0, 0, 5))
            .Concat(OddNotations.Inside6)
            .Where(host => Rules.Check($"http://{host}/").Failure is null);

        Assert.Empty(passed);
    }

    [Fact]
    public void An_address_that_is_too_long_is_refused() =>
        Assert.Equal(GuardedFailure.Address, Rules.Check("http://example.com/" + new string('a', 2048)).Failure);

    [Fact]
    public void What_the_operator_allows_passes_for_that_host_and_port_only()
    {
        var rules = new GuardedAddress(
            new GuardedHttpOptions { Allow = "127.0.0.1:8150, Wiki.Local:443,[::1]:80", Ports = "8080" }
        );

        Assert.Null(rules.Check("http://127.0.0.1:8150/a").Failure);
        Assert.Null(rules.Check("https://wiki.local/").Failure);
        Assert.Null(rules.Check("http://[::1]/").Failure);
        Assert.Null(rules.Check("http://example.com:8080/").Failure);
        Assert.Equal(GuardedFailure.Inside, rules.Check("http://127.0.0.1:8151/").Failure);
        Assert.Equal(GuardedFailure.Inside, rules.Check("http://127.0.0.2:8150/").Failure);
        Assert.Equal(GuardedFailure.Inside, rules.Check("http://localhost:8150/").Failure);
        Assert.Equal(GuardedFailure.Inside, rules.Check("http://wiki.local/").Failure);
        Assert.Equal(GuardedFailure.Inside, rules.Check("http://127.0.0.1:8080/").Failure);
    }

    [Theory]
    [InlineData("GUARDED_HTTP_ALLOW", "localhost", null)]
    [InlineData("GUARDED_HTTP_ALLOW", ":80", null)]
    [InlineData("GUARDED_HTTP_ALLOW", "a:99999", null)]
    [InlineData("GUARDED_HTTP_PORTS", null, "http")]
    [InlineData("GUARDED_HTTP_PORTS", null, "0")]
    public void A_setting_that_cannot_be_used_is_named(string name, string? allow, string? ports)
    {
        var invalid = new GuardedHttpOptions { Allow = allow, Ports = ports }.Validate(new(new object()));

        Assert.StartsWith(name, Assert.Single(invalid).ErrorMessage, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/b", "http://example.com/b")]
    [InlineData("b?c#d", "http://example.com/a/b?c")]
    [InlineData("//other.example.com/x", "http://other.example.com/x")]
    [InlineData("https://other.example.com", "https://other.example.com/")]
    [InlineData("", null)]
    [InlineData("//127.0.0.1/", null)]
    [InlineData("//a@example.com/", null)]
    [InlineData("file:///etc/passwd", null)]
    [InlineData("http:127.0.0.1", null)]
    [InlineData("\\\\127.0.0.1\\", null)]
    [InlineData("//example.com:22/", null)]
    public void A_redirect_is_held_to_the_same_rules(string location, string? expected)
    {
        var (address, _) = Rules.Check(location, new Uri("http://example.com/a/"));

        Assert.Equal(expected, address?.AbsoluteUri);
    }

    /// <summary>The web platform's own cases: where we accept an address at all, we see the host that browsers see.</summary>
    [Fact]
    public void No_address_is_read_differently_than_browsers_read_it()
    {
        var wrong = new List<string>();
        var accepted = 0;
        foreach (var test in Cases())
        {
            var isRelative = test.TryGetProperty("base", out var text) && text.ValueKind is JsonValueKind.String;
            var from = isRelative ? Rules.Check(text.GetString()).Address : null;
            var input = test.GetProperty("input").GetString()!;
            if ((isRelative && from is null) || Rules.Check(input, from).Address is not { } address)
            {
                continue;
            }

            accepted++;
            var fails = test.TryGetProperty("failure", out var failure) && failure.GetBoolean();
            var host = fails ? "(failure)" : test.GetProperty("hostname").GetString()!.Trim('[', ']');
            if (host.TrimEnd('.') != GuardedAddress.HostOf(address).TrimEnd('.'))
            {
                wrong.Add($"{input} → {GuardedAddress.HostOf(address)}, not {host}");
            }
        }

        Assert.Empty(wrong);
        Assert.True(accepted > 50, $"Only {accepted} cases were accepted.");
    }

    private static IEnumerable<JsonElement> Cases() =>
        new[] { "urltestdata.json", "ada_extra_urltestdata.json" }
            .SelectMany(name =>
                JsonSerializer
                    .Deserialize<JsonElement>(
                        File.ReadAllText(TestData.File("security", "url-wpt", "tests", "wpt", name))
                    )
                    .EnumerateArray()
            )
            .Where(test => test.ValueKind is JsonValueKind.Object);
}
