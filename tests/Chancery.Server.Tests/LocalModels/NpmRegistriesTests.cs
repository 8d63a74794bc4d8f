using Chancery.Server.Platform.LocalModels;

namespace Chancery.Server.Tests.LocalModels;

public sealed class NpmRegistriesTests : IDisposable
{
    private const string Public = "https://registry.example.org";

    private readonly string _directory = Directory.CreateTempSubdirectory("chancery-npmrc-").FullName;
    private readonly Dictionary<string, string> _environment = [];

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Where_nothing_is_configured_the_public_registry_serves()
    {
        var registries = Read(null, Path.Combine(_directory, "missing"));

        Assert.Equal("https://registry.example.org/", registries.For("onnxruntime-node").AbsoluteUri);
    }

    [Fact]
    public void The_users_file_comes_before_the_machines_and_a_scope_before_both()
    {
        _environment["HOST"] = "users.example.net";
        var user = Given(
            """
            ; registry=https://commented.example.net
            //users.example.net/:_authToken=secret
            registry = "https://${HOST}/npm/"
            """
        );
        var machine = Given(
            """
            registry=https://machine.example.net
            @plurnk:registry=https://scoped.example.net/a
            """
        );

        var registries = Read(null, user, machine);

        Assert.Equal("https://users.example.net/npm/", registries.For("onnxruntime-node").AbsoluteUri);
        Assert.Equal("https://users.example.net/npm/", registries.For("@other/one").AbsoluteUri);
        Assert.Equal("https://scoped.example.net/a/", registries.For("@plurnk/one").AbsoluteUri);
    }

    [Fact]
    public void Npms_variable_comes_before_its_files_and_our_setting_before_everything()
    {
        _environment["npm_config_registry"] = "https://variable.example.net";
        var file = Given("registry=https://file.example.net\n@plurnk:registry=https://scoped.example.net");

        Assert.Equal("https://variable.example.net/", Read(null, file).For("onnxruntime-node").AbsoluteUri);
        Assert.Equal(
            "https://mirror.example.net/",
            Read("https://mirror.example.net", file).For("@plurnk/one").AbsoluteUri
        );
    }

    [Theory]
    [InlineData("file:///etc/passwd")]
    [InlineData("mirror.example.net")]
    public void An_address_that_is_none_is_refused_with_what_to_do(string address)
    {
        var refused = Assert.Throws<ModelInstallException>(() =>
            Read(null, Given($"registry={address}")).For("onnxruntime-node")
        );

        Assert.Contains("MODEL_REGISTRY", refused.Message, StringComparison.Ordinal);
        Assert.Throws<ModelInstallException>(() => Read(address));
    }

    private NpmRegistries Read(string? mirror, params string[] files) =>
        new(Public, mirror, files, _environment.GetValueOrDefault);

    private string Given(string content)
    {
        var path = Path.Combine(_directory, $"{Guid.CreateVersion7():n}");
        File.WriteAllText(path, content);
        return path;
    }
}
