using System.Net;
using System.Net.Sockets;

namespace Chancery.Server.Tests.Inference.Ledger;

/// <summary>Stands between a client and a server on loopback; cut, it drops every connection and refuses new ones.</summary>
internal sealed class CuttableRelay : IAsyncDisposable
{
    private readonly string _host;
    private readonly int _port;
    private TcpListener _listener = new(IPAddress.Loopback, 0);
    private CancellationTokenSource _open = new();

    public CuttableRelay(string host, int port)
    {
        (_host, _port) = (host, port);
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _ = AcceptAsync(_listener, _open.Token);
    }

    public int Port { get; }

    public async Task CutAsync()
    {
        _listener.Stop();
        await _open.CancelAsync();
    }

    public void Mend()
    {
        _open.Dispose();
        _open = new CancellationTokenSource();
        _listener = new TcpListener(IPAddress.Loopback, Port);
        _listener.Start();
        _ = AcceptAsync(_listener, _open.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await CutAsync();
        _open.Dispose();
    }

    private async Task AcceptAsync(TcpListener listener, CancellationToken open)
    {
        try
        {
            while (true)
            {
                _ = RelayAsync(await listener.AcceptTcpClientAsync(open), open);
            }
        }
        catch (Exception exception)
            when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Cut.
        }
    }

    private async Task RelayAsync(TcpClient client, CancellationToken open)
    {
        using var near = client;
        using var far = new TcpClient();
        try
        {
            await far.ConnectAsync(_host, _port, open);
            await Task.WhenAny(
                near.GetStream().CopyToAsync(far.GetStream(), open),
                far.GetStream().CopyToAsync(near.GetStream(), open)
            );
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException)
        {
            // Cut, or one of both ends went.
        }
    }
}
