#!/usr/bin/perl
# A small HTTP server: / answers with the host's name, /dynia-health with 200. Perl, since Debian always has it.
use strict;
use warnings;
use IO::Socket::IP;
use Sys::Hostname;

my ($address, $port) = @ARGV;
my $server = IO::Socket::IP->new(LocalHost => $address, LocalPort => $port, Listen => 64, ReuseAddr => 1)
  or die "cannot listen on $address:$port: $@\n";
$SIG{CHLD} = 'IGNORE';

while (1) {
  my $client = $server->accept or next;
  my $child = fork;
  if (!defined $child) { close $client; next }
  if ($child) { close $client; next }
  close $server;
  $SIG{ALRM} = sub { exit 0 };
  alarm 10;
  my $request = <$client> // '';
  while (defined(my $line = <$client>)) { last if $line =~ /^\r?\n$/ }
  my ($path) = $request =~ m{^(?:GET|HEAD) (\S+) HTTP/};
  my ($status, $body) =
      !defined $path             ? ('400 Bad Request', "bad request\n")
    : $path eq '/dynia-health'   ? ('200 OK', "healthy\n")
    : $path eq '/'               ? ('200 OK', hostname() . "\n")
    :                              ('404 Not Found', "not found\n");
  my $head = "HTTP/1.1 $status\r\nContent-Type: text/plain\r\nContent-Length: " . length($body) . "\r\nConnection: close\r\n\r\n";
  print $client $head . ($request =~ /^HEAD/ ? '' : $body);
  close $client;
  exit 0;
}
